import type { OwnWork } from '#lib/services/own-work/get-own-work';
import { getFormat, getT } from '../../../../../_i18n/server';
import styles from './own.module.css';

/** Tasks a day over two weeks, as bars with a number each for who cannot see them. */
export async function DaysCard({ days }: { days: OwnWork['days'] }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const most = Math.max(...days.map(({ done }) => done));
  const highest = days.findLastIndex(({ done }) => done === most);
  const named = (date: string) => format.dateTime(new Date(`${date}T12:00:00Z`), { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const list = days.map(({ date, done }) => `${named(date)}: ${format.number(done)}`).join('; ');
  return (
    <section className="card">
      <div className={styles.daysHead}>
        <h2>{t('days.title')}</h2>
        <span className="sm dim">{t('days.unit')}</span>
      </div>
      {most === 0 ? (
        <p className="sm ink2">{t('days.none')}</p>
      ) : (
        <div role="img" aria-label={t('days.label', { list })}>
          <div className={styles.bars}>
            {days.map(({ date, done }, index) => (
              <span
                key={date}
                className={index === days.length - 1 ? styles.barNow : styles.bar}
                style={{ height: `${(100 * done) / most}%` }}
              >
                {index === highest || (index === days.length - 1 && done > 0) ? (
                  <span className={styles.barValue}>{format.number(done)}</span>
                ) : null}
              </span>
            ))}
          </div>
          <div className={`xs dim ${styles.daysFoot}`}>
            <span>{named(days[0]?.date ?? '')}</span>
            <span>{named(days[6]?.date ?? '')}</span>
            <span>{t('days.today')}</span>
          </div>
        </div>
      )}
    </section>
  );
}
