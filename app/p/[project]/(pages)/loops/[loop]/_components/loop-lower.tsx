'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { DecisionView, LoopView, RoundView } from '#lib/services/loops/loop-view';
import { LineChart } from '../../../../../../_components/charts/line-chart';
import { TableTwin } from '../../../../../../_components/charts/table-twin';
import { Help } from '../../../../../../_components/ui/help';
import { spanWords } from '../../../runs/_components/span-words';
import styles from './loop.module.css';

interface Reached {
  ordinal: number;
  nats: number;
  estimate: Extract<Estimate, { defined: true }>;
}

/** Rounds that know both how far the policy moved and how people liked it. */
function reachedBy(rounds: readonly RoundView[]): Reached[] {
  return rounds.flatMap((round) => {
    const kl = round.cells.find((cell) => cell.figure?.kind === 'kl')?.figure;
    const win = round.cells.find((cell) => cell.figure?.kind === 'win-rate')?.figure;
    if (kl?.kind !== 'kl' || win?.kind !== 'win-rate' || !win.reference.defined) return [];
    return [{ ordinal: round.ordinal, nats: kl.nats, estimate: win.reference }];
  });
}

/** Drawn only where there is something to draw. */
export function DistanceChart({ loop }: { loop: LoopView }) {
  const t = useTranslations('loops');
  const format = useFormatter();
  const reached = reachedBy(loop.rounds);
  if (reached.length === 0) return null;
  const percent = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  const low = (value: number) => format.number(Math.round(value * 100));
  const nats = (value: number) => format.number(value, { maximumFractionDigits: 2 });
  const sorted = [...reached].sort((a, b) => a.nats - b.nats);
  return (
    <section className="card">
      <h2>{t('chart.title')}</h2>
      <p className="sm ink2">{t.rich('chart.text', { help: (text) => <Help text={t('chart.help')}>{text}</Help> })}</p>
      <LineChart
        label={t('chart.title')}
        height={262}
        series={[
          {
            points: [[0, 0.5], ...sorted.map(({ nats: x, estimate }): [number, number] => [x, estimate.value])],
            marker: 'dot',
            intervals: sorted.map(({ nats: x, estimate }) => [x, estimate.low, estimate.high]),
            label: t('chart.people'),
          },
        ]}
        xRange={[0, Math.max(...sorted.map((one) => one.nats)) * 1.25 || 1]}
        yInclude={[0.4, 0.6]}
        levels={[0.5]}
        formatX={nats}
        formatY={percent}
        xTitle={t('chart.x')}
      />
      <TableTwin
        caption={t('chart.title')}
        columns={[t('chart.round'), t('chart.kl'), t('chart.winRate'), t('chart.interval')]}
        rows={() =>
          sorted.map(({ ordinal, nats: x, estimate }) => [
            format.number(ordinal),
            nats(x),
            percent(estimate.value),
            `${low(estimate.low)}–${percent(estimate.high)}`,
          ])
        }
      />
    </section>
  );
}

export function Decisions({ decisions }: { decisions: readonly DecisionView[] }) {
  const t = useTranslations('loops');
  const format = useFormatter();
  const percent = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  const low = (value: number) => format.number(Math.round(value * 100));
  const numbers = (key: 'accuracy' | 'winRate', estimate: Estimate | null) =>
    estimate?.defined
      ? [t(`decisions.${key}`, { value: percent(estimate.value), low: low(estimate.low), high: percent(estimate.high), n: estimate.n })]
      : [];
  return (
    <section className="card">
      <h2>{t('decisions.title')}</h2>
      {decisions.length === 0 && <p className="sm dim">{t('decisions.none')}</p>}
      <ol className={`plain ${styles.decisions}`}>
        {decisions.map((decision) => {
          const what = t(`decisions.what.${decision.what}`);
          const facts = [
            ...numbers('accuracy', decision.accuracy),
            ...numbers('winRate', decision.winRate),
            ...(decision.required === null ? [] : [t('decisions.asked', { required: percent(decision.required) })]),
          ];
          return (
            <li key={decision.id} className={styles.decision}>
              <span className="dim sm">
                {decision.what === 'started' ? t('decisions.start') : t('decisions.round', { n: decision.ordinal })}
                <br />
                {format.dateTime(decision.at, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })}
              </span>
              <div className="anywhere">
                <b>
                  {decision.person
                    ? t('decisions.by', { what, name: decision.person })
                    : decision.by === 'rule'
                      ? t('decisions.byRule', { what })
                      : what}
                </b>
                {decision.reason && (
                  <p className="sm ink2" dir="auto">
                    {decision.reason}
                  </p>
                )}
                {facts.length > 0 && <p className="sm dim">{facts.join(', ')}</p>}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

const computeStages = new Set(['SAMPLING', 'REWARD_TRAINING', 'POLICY_TRAINING']);

/** Time of people and machines, round by round; from what the rounds recorded. */
export function Taken({ loop }: { loop: LoopView }) {
  const t = useTranslations('loops');
  const runs = useTranslations('runs');
  const format = useFormatter();
  if (loop.rounds.length === 0) return null;
  const rows = loop.rounds.map((round) => {
    const labels = round.cells.find((cell) => cell.figure?.kind === 'labels')?.figure;
    const compute = round.cells
      .filter((cell) => computeStages.has(cell.stage) && cell.enteredAt !== null && cell.leftAt !== null)
      .reduce((sum, cell) => sum + ((cell.leftAt?.getTime() ?? 0) - (cell.enteredAt?.getTime() ?? 0)), 0);
    return {
      ordinal: round.ordinal,
      people: labels?.kind === 'labels' ? labels.activeMs : 0,
      labels: labels?.kind === 'labels' ? labels.filled : 0,
      compute,
    };
  });
  const sum = (pick: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + pick(row), 0);
  return (
    <section className="card">
      <h2>{t('cost.title')}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('rounds.round')}</th>
            {(['people', 'compute', 'labels'] as const).map((column) => (
              <th key={column} scope="col" className="n">
                {t(`cost.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.ordinal}>
              <td>{format.number(row.ordinal)}</td>
              <td className="n nowrap">{spanWords(row.people, runs)}</td>
              <td className="n nowrap">{spanWords(row.compute, runs)}</td>
              <td className="n">{format.number(row.labels)}</td>
            </tr>
          ))}
          {rows.length > 1 && (
            <tr className="b">
              <td>{t('cost.all')}</td>
              <td className="n nowrap">
                {spanWords(
                  sum((row) => row.people),
                  runs,
                )}
              </td>
              <td className="n nowrap">
                {spanWords(
                  sum((row) => row.compute),
                  runs,
                )}
              </td>
              <td className="n">{format.number(sum((row) => row.labels))}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
