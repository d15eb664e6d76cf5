import type { OwnStanding } from '#lib/services/quality/get-own-standing';
import { Icon } from '../../../../../_components/ui/icon';
import { getFormat, getT } from '../../../../../_i18n/server';
import { reasonWords } from '../../../_components/reason-words';
import { AppealForm } from './appeal-form';
import { AppealState } from './appeal-state';
import styles from './own.module.css';

interface Props {
  projectId: string;
  paused: NonNullable<OwnStanding['paused']>;
  appeals: OwnStanding['appeals'];
}

/** Why this person gets no tasks now, and the way to have it looked at again. */
export async function PausedNote({ projectId, paused, appeals }: Props) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const appeal = appeals.find(({ subject, createdAt }) => subject === 'PAUSE' && createdAt >= paused.since);
  return (
    <section className={`note ${styles.paused}`}>
      <div className="row">
        <Icon name="pause" className="warn" />
        <h2 className="grow">{t('paused.title')}</h2>
      </div>
      <p className="sm ink2">
        {t('paused.since', { date: format.dateTime(paused.since, { dateStyle: 'medium' }) })}{' '}
        {t(paused.byRule ? 'paused.byRule' : 'paused.byPerson')}
      </p>
      {paused.reason && (
        <p className="anywhere">
          {t.rich('paused.why', {
            reason: reasonWords(await getT('quality'), paused.reason),
            b: (text) => <b>{text}</b>,
            bdi: (text) => <bdi>{text}</bdi>,
          })}
        </p>
      )}
      {appeal ? <AppealState appeal={appeal} /> : <AppealForm projectId={projectId} subject="PAUSE" label={t('paused.ask')} open />}
    </section>
  );
}
