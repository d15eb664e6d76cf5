import type { RunResult, RunSpec } from '#lib/domain/runs';
import type { Engine } from '#lib/ml/engine/engine';
import type { Deps } from '#lib/services/deps';
import type { ClaimedRun } from '#lib/services/runs/claim-run';
import type { ProducedModel } from '#lib/services/runs/finish-run';

/** What a processor of a run kind works with. */
export interface RunContext<Spec extends RunSpec = RunSpec> {
  readonly deps: Deps;
  readonly claim: ClaimedRun;
  readonly run: { readonly id: string; readonly projectId: string; readonly seed: number };
  readonly spec: Spec;
  readonly engine: Engine;
  /** Aborts on cancel, pause, shutdown and a lost claim; trainers and `generate` end at their next breath. */
  readonly signal: AbortSignal;
}

export interface Outcome {
  readonly result: RunResult;
  readonly model?: ProducedModel;
}
