import type { OwnWork } from '#lib/services/own-work/get-own-work';
import type { OwnStanding } from '#lib/services/quality/get-own-standing';
import { KeyLink } from '../../../../../_components/ui/key-link';
import { getFormat, getT } from '../../../../../_i18n/server';
import { reasonWords } from '../../../_components/reason-words';
import styles from './own.module.css';
import { clockWords, spanWords } from './span-words';
import { StartQualification } from './start-qualification';

/** What the queue is counted to; more than that is said as "more than". */
const counted = 1000;

interface Props {
  projectId: string;
  slug: string;
  work: OwnWork;
  standing: OwnStanding;
  now: Date;
}

/** One thing is next, with one button and its key; or why nothing is. */
export async function NextCard(props: Props) {
  const { projectId, slug, work, standing } = props;
  const [t, next] = [await getT('mine'), await nextOf(props)];
  const { topics } = standing.qualification.test ?? { topics: [] };
  return (
    <section className={`card ${styles.next}`}>
      <div className={styles.nextRow}>
        <div className={styles.nextText}>
          <div className="sm dim">{t('next.in')}</div>
          <h2>{next.title}</h2>
          <p className="ink2 anywhere">{next.text}</p>
        </div>
        {next.button && (
          <KeyLink href={`/p/${slug}/annotate`} hotkey="Enter" keyLabel="Enter" className={`btn primary lg ${styles.go}`}>
            {next.button}
          </KeyLink>
        )}
      </div>
      {next.test && <StartQualification projectId={projectId} slug={slug} topics={topics} />}
      {!next.before && <Today work={work} />}
    </section>
  );
}

interface Next {
  readonly title: string;
  readonly text: string;
  readonly button?: string;
  /** The qualification begins here. */
  readonly test?: boolean;
  /** Before real work there is no progress to show. */
  readonly before?: boolean;
}

async function nextOf({ work, standing, now }: Props): Promise<Next> {
  const [t, format] = [await getT('mine'), await getFormat()];
  const test = await testOf(standing);
  if (test) return test;
  const { held, progress, quota, time } = work;
  if (quota.total !== null && progress.total >= quota.total && !held) {
    return { title: t('next.quotaAll'), text: t('next.quotaAllText', { n: progress.total }) };
  }
  if (quota.daily !== null && progress.today >= quota.daily && !held) {
    const midnight = new Date(now);
    midnight.setUTCHours(24, 0, 0, 0);
    const at = format.dateTime(midnight, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    return { title: t('next.quota'), text: t('next.quotaText', { n: progress.today, time: at }) };
  }
  const minutes = time.medianMs === null ? null : Math.round(time.medianMs / 60_000);
  const about = minutes === null ? '' : minutes === 0 ? t('next.underMinute') : t('next.about', { n: minutes });
  if (held) {
    const draft = held.draftSavedAt && t('next.draft', { time: format.dateTime(held.draftSavedAt, 'moment') });
    return {
      title: t(`kind.${held.kind}`, { n: held.answers }),
      text: draft ? `${about} ${draft}` : `${about} ${t('next.oneByOne')}`,
      button: t('next.continue'),
    };
  }
  if (progress.left === 0) return { title: t('next.nothing'), text: t('next.nothingText') };
  const title = progress.left >= counted ? t('next.waitingMany', { n: counted }) : t('next.waiting', { n: progress.left });
  const each = minutes !== null && minutes > 0 ? t('next.aboutEach', { n: minutes }) : about;
  return { title, text: `${each} ${t('next.oneByOne')}`, button: t('next.start') };
}

/** Training and qualification, where the project asks for them and they are not behind this person. */
async function testOf({ training, qualification }: OwnStanding): Promise<Next | null> {
  const [t, quality] = [await getT('mine'), await getT('quality')];
  if (training.required && !training.trainedAt && training.tasks > 0) {
    return { title: t('next.training', { n: training.tasks }), text: t('next.trainingText'), button: t('next.start'), before: true };
  }
  if (!qualification.required || qualification.qualifiedAt) return null;
  const { test, attempts } = qualification;
  const last = attempts[0];
  if (last?.state === 'WAITING') return { title: t('next.waitsForTest'), text: t('next.waitsForTestText'), before: true };
  if (!test) return { title: t('next.noTest'), text: t('next.noTestText'), before: true };
  const why = last?.reason ? reasonWords(quality, last.reason) : null;
  const named = t('next.qualification', { n: test.tasks });
  if (last?.state === 'RUNNING') return { title: named, text: t('next.qualificationText'), button: t('next.continue'), before: true };
  if (last?.state === 'FAILED' && attempts.length >= test.maxAttempts) return { title: t('next.failed'), text: why ?? '', before: true };
  return { title: named, text: why ?? t('next.qualificationText'), test: true, before: true };
}

async function Today({ work }: { work: OwnWork }) {
  const t = await getT('mine');
  const { progress, quota, time } = work;
  const known = quota.daily ?? (progress.left < counted ? progress.today + progress.left : null);
  // "0 of 0" says nothing.
  const total = known === 0 ? null : known;
  const b = (text: React.ReactNode) => <b>{text}</b>;
  return (
    <div>
      <div className={`sm ${styles.today}`}>
        <span>
          {total === null
            ? t.rich('progress.today', { done: progress.today, b })
            : t.rich('progress.todayOf', { done: progress.today, total, b })}
        </span>
        <span className="dim">
          {time.medianMs === null
            ? t('progress.timeOnly', { time: spanWords(t, time.todayMs) })
            : t('progress.time', { time: spanWords(t, time.todayMs), median: clockWords(time.medianMs) })}
        </span>
      </div>
      {total !== null && (
        <span className="progress" role="img" aria-label={t('progress.label', { done: progress.today, total })}>
          <i style={{ width: `${Math.min(100, (100 * progress.today) / total)}%` }} />
        </span>
      )}
    </div>
  );
}
