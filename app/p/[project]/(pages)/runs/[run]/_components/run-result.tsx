'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { RunResult } from '#lib/domain/runs';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { IntervalChart, type IntervalRow } from '../../../../../../_components/charts/interval-chart';
import { TableTwin } from '../../../../../../_components/charts/table-twin';

/** The one picture or table that a finished run of its kind exists for. */
export function RunResultCard({ result }: { result: RunResult }) {
  if (result.kind === 'REWARD_TRAINING') return <RewardResult result={result} />;
  if (result.kind === 'EVALUATION') return <EvaluationResult result={result} />;
  if (result.kind === 'GENERATION') return <GenerationResult result={result} />;
  return null;
}

function RewardResult({ result }: { result: Extract<RunResult, { kind: 'REWARD_TRAINING' }> }) {
  const t = useTranslations('runs');
  const format = useFormatter();
  const percent = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  const rows: IntervalRow[] = [];
  const add = (key: 'model' | 'length', estimate: Estimate, marker: IntervalRow['marker'], color: string) => {
    if (!estimate.defined) return;
    const { value, low, high } = estimate;
    rows.push({
      name: t(`gate.${key}`, { value: percent(value), low: format.number(Math.round(low * 100)), high: percent(high) }),
      value,
      low,
      high,
      marker,
      color,
    });
  };
  add('model', result.accuracy, 'dot', 'var(--d1)');
  if (result.lengthBaseline) add('length', result.lengthBaseline, 'square', 'var(--d2)');
  const lowest = Math.min(0.4, ...rows.map((row) => row.low));
  return (
    <section className="card">
      <h2>{t('gate.title')}</h2>
      <p className="sm ink2">{t('gate.text', { n: result.validationPrompts, train: result.trainPrompts })}</p>
      {!result.accuracy.defined && <p className="chip">{t('gate.undefined', { reason: result.accuracy.reason, n: result.accuracy.n })}</p>}
      {rows.length > 0 && (
        <>
          <IntervalChart
            label={rows.map((row) => row.name).join('; ')}
            rows={rows}
            range={[Math.floor(lowest * 10) / 10, 1]}
            mark={{ value: 0.5, label: t('gate.chance') }}
            format={percent}
          />
          <TableTwin caption={t('gate.title')} columns={[t('gate.title')]} rows={() => rows.map((row) => [row.name])} />
        </>
      )}
    </section>
  );
}

function EvaluationResult({ result }: { result: Extract<RunResult, { kind: 'EVALUATION' }> }) {
  const t = useTranslations('runs');
  const format = useFormatter();
  const number = (value: number, digits: number) => format.number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (
    <section className="card">
      <h2>{t('policies.title')}</h2>
      <p className="sm ink2">{t('policies.text')}</p>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{t('policies.policy')}</th>
              {(['reward', 'kl', 'length', 'distinct1', 'distinct2', 'n'] as const).map((column) => (
                <th key={column} scope="col" className="n">
                  {t(`policies.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {result.policies.map((policy) => (
              <tr key={policy.role}>
                <th scope="row">{t(`policies.role.${policy.role}`)}</th>
                <td className="n">{number(policy.reward, 3)}</td>
                <td className="n">{number(policy.kl, 2)}</td>
                <td className="n">{number(policy.length, 1)}</td>
                <td className="n">{number(policy.distinct1, 3)}</td>
                <td className="n">{number(policy.distinct2, 3)}</td>
                <td className="n">{format.number(policy.n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function GenerationResult({ result }: { result: Extract<RunResult, { kind: 'GENERATION' }> }) {
  const t = useTranslations('runs');
  const format = useFormatter();
  return (
    <section className="card">
      <h2>{t('written.title')}</h2>
      <table>
        <tbody>
          {(['prompts', 'responses', 'duplicates', 'tasks'] as const).map((key) => (
            <tr key={key}>
              <td className="dim">{t(`written.${key}`)}</td>
              <td className="n b">{format.number(result[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
