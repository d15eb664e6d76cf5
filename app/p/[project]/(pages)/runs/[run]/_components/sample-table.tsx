'use client';

import { useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { SamplesView } from '#lib/services/runs/get-samples';
import { Icon } from '../../../../../../_components/ui/icon';
import styles from './run.module.css';
import { changes } from './text-changes';

const columns = ['reward', 'kl', 'length'] as const;

/** The same prompts at every evaluation of the run: choose a step, see what changed since its first. */
export function SampleTable({ samples }: { samples: SamplesView }) {
  const t = useTranslations('runs');
  const format = useFormatter();
  const [chosen, setChosen] = useState<number | null>(null);
  const [difference, setDifference] = useState(true);
  const first = samples.steps[0];
  const step = chosen ?? samples.steps.at(-1);
  if (first === undefined || step === undefined) return <p className="sm dim">{t('samples.none')}</p>;
  const rows = samples.prompts.flatMap((prompt) =>
    prompt.rows
      .filter((row) => row.step === step)
      .map((row) => ({ prompt, row, start: prompt.rows.find((one) => one.step === first && one.sampleIndex === row.sampleIndex) })),
  );
  const shown = columns.filter((column) => rows.some(({ row }) => row.scores[column] !== undefined));
  const compares = step !== first && rows.some(({ start, row }) => start !== undefined && start.text !== row.text);
  const signed = (value: number) => format.number(value, { maximumFractionDigits: 2, minimumFractionDigits: 2, signDisplay: 'exceptZero' });
  return (
    <>
      <div className="head">
        <h2>{t('samples.title', { n: samples.prompts.length })}</h2>
        <span className="sm dim">{t('samples.at', { step })}</span>
        <span className="grow" />
        {compares && (
          <button type="button" className="btn" aria-pressed={difference} onClick={() => setDifference(!difference)}>
            <Icon name={difference ? 'box-on' : 'box'} />
            {t('samples.difference')}
          </button>
        )}
        <label className="row sm">
          {t('samples.step')}
          <select className={styles.step} value={step} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
            {samples.steps.map((one) => (
              <option key={one} value={one}>
                {format.number(one)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={t('samples.title', { n: samples.prompts.length })}>
        <table className={styles.samples}>
          <thead>
            <tr>
              <th scope="col" className={styles.prompt}>
                {t('samples.prompt')}
              </th>
              <th scope="col">{t('samples.now', { step })}</th>
              {compares && <th scope="col">{t('samples.start', { step: first })}</th>}
              {shown.map((column) => (
                <th key={column} scope="col" className={`n ${styles.score}`}>
                  {t(`samples.score.${column}`)}
                </th>
              ))}
              {compares && shown.includes('reward') && (
                <th scope="col" className={`n ${styles.against}`}>
                  {t('samples.against')}
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ prompt, row, start }) => (
              <tr key={`${prompt.promptId}-${row.sampleIndex}`}>
                <td dir="auto" className={styles.text}>
                  {prompt.prompt}
                </td>
                <td dir="auto" className={styles.text}>
                  {row.text || <span className="dim">{t('samples.empty')}</span>}
                </td>
                {compares && (
                  <td dir="auto" className={`ink2 ${styles.text}`}>
                    {start && difference ? <Changed before={start.text} after={row.text} /> : start?.text}
                  </td>
                )}
                {shown.map((column) => (
                  <td key={column} className={column === 'reward' ? 'n b' : 'n'}>
                    {row.scores[column] === undefined
                      ? '–'
                      : format.number(row.scores[column], {
                          maximumFractionDigits: column === 'length' ? 0 : 2,
                          minimumFractionDigits: column === 'length' ? 0 : 2,
                        })}
                  </td>
                ))}
                {compares && shown.includes('reward') && (
                  <td className="n">
                    {start?.scores.reward === undefined || row.scores.reward === undefined
                      ? '–'
                      : signed(row.scores.reward - start.scores.reward)}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

/** The first answer with what went and what came; marked by line, not by color alone. */
function Changed({ before, after }: { before: string; after: string }) {
  return changes(before, after).map((part, index) => {
    if (part.kind === 'added') return <ins key={index}>{part.text}</ins>;
    if (part.kind === 'removed') return <del key={index}>{part.text}</del>;
    return <span key={index}>{part.text}</span>;
  });
}
