import type { OwnAgreement } from '#lib/domain/own-agreement';
import type { OwnAgreements } from '#lib/services/own-work/agreement';
import { Icon } from '../../../../../_components/ui/icon';
import { getFormat, getT } from '../../../../../_i18n/server';
import styles from './own.module.css';

/** How far the own answers can be relied on: private, with interval and n, beside a band of the others and no single one of them. */
export async function ReliabilityCard({ agreement }: { agreement: OwnAgreements }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const { gold, goldBand } = agreement;
  const percent = (share: number) => format.number(share, { style: 'percent' });
  return (
    <section className="card">
      <div className="head">
        <h2>{t('reliability.title')}</h2>
      </div>
      <p className="row xs dim">
        <Icon name="lock" />
        {t('reliability.private')}
      </p>
      {gold.known ? (
        <>
          <p className={styles.value}>
            <span className="big">{percent(gold.value)}</span>{' '}
            <span className="ink2">{t('reliability.likely', { low: percent(gold.low), high: percent(gold.high) })}</span>
          </p>
          <Scale agreement={agreement} />
          <p className="sm ink2">
            {t('reliability.text', { tasks: gold.tasks, parts: gold.parts })}{' '}
            {goldBand ? t('reliability.band', { people: goldBand.people }) : t('reliability.noBand')}
          </p>
        </>
      ) : (
        <p className={styles.value}>
          <span className="chip">
            <Icon name="info" />
            {t('reliability.needs', { needed: gold.needed, n: gold.tasks })}
          </span>
        </p>
      )}
      <table className={styles.others}>
        <tbody>
          <Row name={t('reliability.repeats')} agreement={agreement.repeats} />
          <Row name={t('reliability.others')} agreement={agreement.others} />
        </tbody>
      </table>
      <p className="xs dim">{t('reliability.until', { date: format.dateTime(agreement.until, 'moment') })}</p>
    </section>
  );
}

async function Row({ name, agreement }: { name: string; agreement: OwnAgreement }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const percent = (share: number) => format.number(share, { style: 'percent' });
  return (
    <tr>
      <th scope="row">{name}</th>
      {agreement.known ? (
        <>
          <td className="n b">{percent(agreement.value)}</td>
          <td className="n dim nowrap">
            {percent(agreement.low)}–{percent(agreement.high)}, {t('reliability.n', { n: agreement.tasks })}
          </td>
        </>
      ) : (
        <td className="n dim nowrap" colSpan={2}>
          {t('reliability.few', { needed: agreement.needed, n: agreement.tasks })}
        </td>
      )}
    </tr>
  );
}

/** Value with interval on a scale that holds both it and the band. */
async function Scale({ agreement: { gold, goldBand } }: { agreement: OwnAgreements }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  if (!gold.known) return null;
  const percent = (share: number) => format.number(share, { style: 'percent' });
  const from = Math.min(0.5, Math.floor(10 * Math.min(gold.low, goldBand?.low ?? 1)) / 10);
  const at = (share: number) => `${(100 * (share - from)) / (1 - from)}%`;
  const ticks = Array.from({ length: Math.round((1 - from) * 10) + 1 }, (_, index) => from + index / 10);
  const spoken = { value: percent(gold.value), low: percent(gold.low), high: percent(gold.high) };
  const label = goldBand
    ? t('reliability.chartBand', { ...spoken, bandLow: percent(goldBand.low), bandHigh: percent(goldBand.high) })
    : t('reliability.chart', spoken);
  return (
    <div className={styles.scale} role="img" aria-label={label} dir="ltr">
      {goldBand && (
        <span className={styles.band} style={{ left: at(goldBand.low), width: `calc(${at(goldBand.high)} - ${at(goldBand.low)})` }} />
      )}
      <span className={styles.interval} style={{ left: at(gold.low), width: `calc(${at(gold.high)} - ${at(gold.low)})` }} />
      <span className={styles.dot} style={{ left: at(gold.value) }} />
      {ticks.map((tick, index) => (
        <span key={tick} className={index % 2 === 1 && ticks.length > 6 ? styles.minorTick : styles.tick} style={{ left: at(tick) }}>
          {percent(tick)}
        </span>
      ))}
    </div>
  );
}
