'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { PolicySummary } from '#lib/domain/runs';
import type { SamplesView } from '#lib/services/runs/get-samples';
import styles from './run.module.css';

/** What each policy wrote for the same prompts, side by side. A sample's index is its policy's place in the result. */
export function PolicyAnswers({ policies, samples }: { policies: readonly PolicySummary[]; samples: SamplesView }) {
  const t = useTranslations('runs');
  const format = useFormatter();
  if (samples.prompts.length === 0) return null;
  return (
    <section className="card">
      <h2>{t('policies.answers')}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={t('policies.answers')}>
        <table className={styles.samples}>
          <thead>
            <tr>
              <th scope="col" className={styles.prompt}>
                {t('samples.prompt')}
              </th>
              {policies.map((policy) => (
                <th key={policy.role} scope="col">
                  {t(`policies.role.${policy.role}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {samples.prompts.map((prompt) => (
              <tr key={prompt.promptId}>
                <td dir="auto" className={styles.text}>
                  {prompt.prompt}
                </td>
                {policies.map((policy, index) => {
                  const row = prompt.rows.findLast((one) => one.sampleIndex === index);
                  return (
                    <td key={policy.role}>
                      <div dir="auto" className={styles.text}>
                        {row ? row.text || <span className="dim">{t('samples.empty')}</span> : '–'}
                      </div>
                      {row?.scores.reward !== undefined && (
                        <span className="xs dim">
                          {t('samples.score.reward')}{' '}
                          {format.number(row.scores.reward, { minimumFractionDigits: 2, maximumFractionDigits: 2 })}
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
