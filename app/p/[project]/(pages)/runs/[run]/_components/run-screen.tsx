'use client';

import type { MetricsView } from '#lib/services/runs/get-metrics';
import type { RunView } from '#lib/services/runs/get-run';
import type { SamplesView } from '#lib/services/runs/get-samples';
import { CurveGrid } from './curves';
import { PolicyAnswers } from './policy-answers';
import styles from './run.module.css';
import { RunFacts } from './run-facts';
import { RunHead } from './run-head';
import { RunResultCard } from './run-result';
import { SampleTable } from './sample-table';
import { useRun } from './use-run';

interface Props {
  slug: string;
  initial: RunView;
  metrics: MetricsView;
  samples: SamplesView;
  mayOperate: boolean;
}

export function RunScreen({ slug, initial, metrics, samples, mayOperate }: Props) {
  const live = useRun({ run: initial, metrics, samples });
  const { run } = live;
  const beside = run.result?.kind === 'REWARD_TRAINING';
  const training = run.kind === 'POLICY_TRAINING' || run.kind === 'REWARD_TRAINING';
  return (
    <div className="page" style={{ gap: 'var(--s-2)' }}>
      <RunHead
        run={run}
        slug={slug}
        staleSince={live.staleSince}
        mayOperate={mayOperate}
        onStatus={(status) => live.setRun({ ...run, status })}
      />
      <div className={beside ? styles.top : `${styles.top} ${styles.alone}`}>
        {run.kind !== 'EVALUATION' && <CurveGrid run={run} curves={live.curves} restarts={live.restarts} />}
        {run.result && <RunResultCard result={run.result} />}
      </div>
      {run.result?.kind === 'EVALUATION' && <PolicyAnswers policies={run.result.policies} samples={live.samples} />}
      {(training || (run.kind !== 'EVALUATION' && live.samples.steps.length > 0)) && (
        <section className="card">
          <SampleTable samples={live.samples} />
        </section>
      )}
      <RunFacts run={run} slug={slug} />
    </div>
  );
}
