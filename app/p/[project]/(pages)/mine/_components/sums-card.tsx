import type { OwnWork } from '#lib/services/own-work/get-own-work';
import { getFormat, getT } from '../../../../../_i18n/server';
import { spanWords } from './span-words';

const spans = ['today', 'week', 'total'] as const;

/** Tasks, active time and pay of today, seven days and in all. */
export async function SumsCard({ work }: { work: OwnWork }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const { progress, time, pay } = work;
  const ms = { today: time.todayMs, week: time.weekMs, total: time.totalMs };
  const money = (cents: number) => format.number(cents / 100, { style: 'currency', currency: pay?.currency ?? 'USD' });
  const midnight = format.dateTime(new Date(Date.UTC(2026, 0, 1)), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return (
    <section className="card">
      <div className="head">
        <h2>{t('sums.title')}</h2>
        <span className="sm dim">{t('sums.utc', { time: midnight })}</span>
      </div>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden-text">{t('sums.what')}</span>
              </th>
              {spans.map((span) => (
                <th key={span} scope="col" className="n">
                  {t(`sums.${span}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{t('sums.tasks')}</th>
              {spans.map((span) => (
                <td key={span} className="n">
                  {format.number(progress[span])}
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('sums.time')}</th>
              {spans.map((span) => (
                <td key={span} className="n nowrap">
                  {spanWords(t, ms[span])}
                </td>
              ))}
            </tr>
            {pay && (
              <tr>
                <th scope="row">{t('sums.pay')}</th>
                {spans.map((span) => (
                  <td key={span} className="n nowrap">
                    {money(progress[span] * pay.centsPerTask)}
                  </td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <p className="sm dim">{pay ? t('sums.rate', { rate: money(pay.centsPerTask) }) : t('sums.noPay')}</p>
    </section>
  );
}
