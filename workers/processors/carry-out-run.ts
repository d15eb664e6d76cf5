import { toAppError } from '#lib/db/create-db';
import { runSpec } from '#lib/domain/runs';
import { AppError, retryable } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { Deps } from '#lib/services/deps';
import { hashInputs } from '#lib/services/loops/stage-spec';
import { type ClaimedRun, claimRun } from '#lib/services/runs/claim-run';
import { endRun } from '#lib/services/runs/end-run';
import { fencedWrite } from '#lib/services/runs/fenced-write';
import { finishRun } from '#lib/services/runs/finish-run';
import { releaseRun } from '#lib/services/runs/release-run';
import { persist } from './persist';
import type { Outcome, RunContext } from './run-context';
import { runEvaluation } from './run-evaluation';
import { runGeneration } from './run-generation';
import { runPolicyTraining } from './run-policy-training';
import { runRewardTraining } from './run-reward-training';
import { runScoring } from './run-scoring';
import { type Stop, watchRequests } from './watch-requests';

type ChildDeps = Deps;

/**
 * One attempt of a run, from claim to end. Returns where the run ended, was given back or is no longer ours; throws where the attempt broke
 * in a way that another attempt may mend, which the parent then asks for.
 */
export async function carryOutRun(
  deps: ChildDeps,
  job: { runId: string; attempt: number },
  engine: () => Promise<Engine>,
  shutdown: AbortSignal,
): Promise<void> {
  const claim = await claimRun(deps, job);
  if (!claim) return;
  const requests = watchRequests(deps, claim, shutdown);
  try {
    const outcome = await work(deps, claim, engine, requests.signal);
    const peakMemory = process.resourceUsage().maxRSS * 1024;
    await persist(deps, requests.signal, () => finishRun(deps, claim, { ...outcome, peakMemory }));
    deps.logger.info({ runId: claim.runId, kind: outcome.result.kind }, 'run done');
  } catch (error) {
    await end(deps, claim, error, requests.stop());
  } finally {
    await requests.close();
  }
}

async function work(deps: ChildDeps, claim: ClaimedRun, getEngine: () => Promise<Engine>, signal: AbortSignal): Promise<Outcome> {
  const row = await deps.db.run.findUniqueOrThrow({ where: { id: claim.runId } });
  const spec = runSpec.parse({ kind: row.kind, config: row.config, inputs: row.inputs });
  const engine = await getEngine();
  await requireSameInputs(deps, spec, row.inputHashes);
  const mode = engine.mode();
  await fencedWrite(deps.db, claim, (tx) =>
    tx.run.update({
      where: { id: claim.runId },
      data: { ...(row.engine && claim.fromStep > 0 ? {} : { engine: { ...mode } }), threads: mode.threads },
    }),
  );
  const context: Omit<RunContext, 'spec'> = {
    deps,
    claim,
    run: { id: row.id, projectId: row.projectId, seed: row.seed },
    engine,
    signal,
  };
  switch (spec.kind) {
    case 'GENERATION':
      return runGeneration({ ...context, spec });
    case 'REWARD_TRAINING':
      return runRewardTraining({ ...context, spec });
    case 'POLICY_TRAINING':
      return runPolicyTraining({ ...context, spec });
    case 'EVALUATION':
      return runEvaluation({ ...context, spec });
    case 'SCORING':
      return runScoring({ ...context, spec });
  }
}

async function requireSameInputs(deps: ChildDeps, spec: RunContext['spec'], stored: unknown): Promise<void> {
  const now = await hashInputs(deps.db, spec);
  const then = typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {};
  const changed = Object.keys({ ...then, ...now }).find((name) => then[name] !== now[name]);
  if (changed === undefined) return;
  throw new AppError('INVARIANT', `What this run was asked to read has changed since: ${changed}.`, {
    details: { check: 'input-hashes', input: changed },
    remedy: 'Start the loop again, on what is there now.',
  });
}

/** Says in the record how an attempt ended without a result. */
async function end(deps: ChildDeps, claim: ClaimedRun, cause: unknown, stop: Stop | null): Promise<void> {
  const error = toAppError(cause);
  if (error.code === 'FENCED' || stop === 'fenced') {
    deps.logger.warn({ runId: claim.runId, epoch: claim.epoch }, 'another process owns the run now; this one leaves it');
    return;
  }
  const never = new AbortController().signal;
  if (stop === 'shutdown') return persist(deps, never, () => releaseRun(deps, claim));
  if (stop === 'cancel' || stop === 'pause') {
    const status = stop === 'cancel' ? 'CANCELLED' : 'PAUSED';
    const reasonCode = stop === 'cancel' ? 'CANCELLED' : null;
    return persist(deps, never, () => endRun(deps, claim, { status, reason: null, reasonCode, resumable: true }));
  }
  deps.logger.error({ err: cause, runId: claim.runId }, 'the run stopped');
  // A full disk needs a person; a lost database or store does not.
  if (retryable[error.code] && error.code !== 'DISK_FULL') throw error;
  const reason = error.remedy ? `${error.message} ${error.remedy}` : error.message;
  await persist(deps, never, () =>
    endRun(deps, claim, { status: 'FAILED', reason, reasonCode: error.code, resumable: error.code !== 'BAD_INPUT' }),
  );
}
