import type { Metadata } from 'next';
import Link from 'next/link';
import { listGuidelines } from '#lib/services/guidelines/list-guidelines';
import { guidelineReading } from '#lib/services/own-work/guideline-reading';
import { AnswerText } from '../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../_components/ui/icon';
import { getFormat, getT } from '../../../../_i18n/server';
import { ChangedLines } from '../../_components/changed-lines';
import { loadProject } from '../../_lib/load-project';
import styles from './_components/guideline.module.css';
import { HaveRead } from './_components/have-read';

interface Props {
  params: Promise<{ project: string }>;
  searchParams: Promise<{ version?: string; from?: string; all?: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('mine'))('guideline.title') };
}

/** The version that an address names; nothing where it names none. */
function versionOf(value: string | undefined): number | undefined {
  const version = Number(value);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/** The guideline with what changed since this person read it, its versions, and the mark that it was read. */
export default async function GuidelinePage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  const [t, format, asked] = [await getT('mine'), await getFormat(), await searchParams];
  const projectId = project.id;
  const versions = await listGuidelines(deps, actor, { projectId });
  const known = (value: string | undefined) => versions.find(({ version }) => version === versionOf(value))?.version;
  const reading = await guidelineReading(deps, actor, { projectId, version: known(asked.version), from: known(asked.from) });
  const { shown, read, lines, from } = reading;
  const whole = asked.all === '1' || lines === null;
  const here = `/p/${project.slug}/guideline`;
  const query = (change: Record<string, string>) => `${here}?${new URLSearchParams({ ...asked, ...change })}`;
  return (
    <div className="page mid">
      <div className={styles.head}>
        <h1>
          {t('guideline.title')} <span className="dim">{t('guideline.version', { version: shown.version })}</span>
        </h1>
        <span className="sm dim">{t('guideline.since', { date: format.dateTime(shown.createdAt, { dateStyle: 'medium' }) })}</span>
        <span className="grow" />
        {may('guideline.write') && (
          <Link className="btn" href={`/p/${project.slug}/settings`}>
            {t('guideline.edit')}
          </Link>
        )}
      </div>
      <div className={styles.columns}>
        <section className="card">
          {from !== null && lines && (
            <div className={styles.changes}>
              <b>{t('guideline.changes', { n: reading.changes, version: from })}</b>
              <span className={styles.choice}>
                <Link className="btn" href={query({ all: '0' })} aria-current={!whole || undefined} data-on={!whole}>
                  {t('guideline.only')}
                </Link>
                <Link className="btn" href={query({ all: '1' })} aria-current={whole || undefined} data-on={whole}>
                  {t('guideline.whole')}
                </Link>
              </span>
            </div>
          )}
          <div className={`read ${styles.text}`}>
            {lines && !whole ? (
              <ChangedLines lines={lines} />
            ) : shown.text.trim() === '' ? (
              <p className="ink2">{t('guideline.empty')}</p>
            ) : (
              <AnswerText text={shown.text} />
            )}
          </div>
          <div className={styles.foot}>
            {read !== null && read >= shown.version ? (
              <span className="row ok-ink">
                <Icon name="check" className="ok" />
                {read === shown.version ? t('guideline.marked') : t('guideline.markedEarlier', { version: read })}
              </span>
            ) : (
              <>
                <HaveRead projectId={projectId} version={shown.version} />
                <span className="sm dim">{read === null ? t('guideline.never') : t('guideline.markedEarlier', { version: read })}</span>
              </>
            )}
          </div>
        </section>
        <section className="card">
          <h2>{t('guideline.versions')}</h2>
          <ul className={`plain ${styles.versions}`}>
            {versions.map(({ version, createdAt }) => (
              <li key={version} aria-current={version === shown.version || undefined}>
                <Link href={`${here}?version=${version}`}>{t('guideline.version', { version })}</Link>
                <span className="sm dim">{format.dateTime(createdAt, { dateStyle: 'medium' })}</span>
                {version === reading.newest && <span className="chip">{t('guideline.newest')}</span>}
                {version === read && <span className="chip">{t('guideline.yours')}</span>}
                {version !== shown.version && version !== from && (
                  <Link className="sm" href={`${here}?version=${shown.version}&from=${version}`}>
                    {t('guideline.compareTo')}
                    <span className="hidden-text"> {t('guideline.version', { version })}</span>
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </section>
      </div>
    </div>
  );
}
