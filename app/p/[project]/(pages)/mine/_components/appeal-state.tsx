import type { OwnStanding } from '#lib/services/quality/get-own-standing';
import { getFormat, getT } from '../../../../../_i18n/server';
import styles from './own.module.css';

/** What became of asking to look at something again. */
export async function AppealState({ appeal }: { appeal: OwnStanding['appeals'][number] }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const { status, answer, text, createdAt } = appeal;
  return (
    <div className={`sm ${styles.appeal}`}>
      <p className="b">
        {status === 'OPEN' ? t('appeal.open', { date: format.dateTime(createdAt, { dateStyle: 'medium' }) }) : t(`appeal.${status}`)}
      </p>
      {answer && (
        <p className="anywhere" dir="auto">
          {answer}
        </p>
      )}
      <p className="ink2 anywhere">{t.rich('appeal.yours', { text, bdi: (chunks) => <bdi>{chunks}</bdi> })}</p>
    </div>
  );
}
