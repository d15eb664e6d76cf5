import type { RunResult } from '#lib/domain/runs';
import { runSpec } from '#lib/domain/runs';
import type { Deps } from '#lib/services/deps';
import { type ClaimedRun, claimRun } from '#lib/services/runs/claim-run';
import { fencedWrite } from '#lib/services/runs/fenced-write';
import { finishRun } from '#lib/services/runs/finish-run';
import { writeCheckpoint } from '#lib/services/runs/write-checkpoint';
import { writeStep } from '#lib/services/runs/write-step';
import { processGeneral } from '../../workers/processors/general';
import { storeFiles } from '../../workers/processors/store-model';
import { tinyModel } from './tiny-model';

/** Carries out every open job of the general kind in this process, through the worker's own code, until none is left. */
export async function drainGeneral(deps: Deps): Promise<void> {
  for (;;) {
    const row = await deps.db.outbox.findFirst({ where: { doneAt: null, kind: { not: 'run' } }, orderBy: { createdAt: 'asc' } });
    if (!row) return;
    await processGeneral(deps, { kind: 'outbox', outboxId: row.id, attempt: row.attempt });
    const after = await deps.db.outbox.findUniqueOrThrow({ where: { id: row.id } });
    if (!after.doneAt) throw new Error(`the job ${row.kind} is not done: ${after.lastError}`);
  }
}

export async function claimQueued(deps: Deps, kind?: string): Promise<ClaimedRun & { kind: string }> {
  const run = await deps.db.run.findFirstOrThrow({ where: { status: 'QUEUED' }, orderBy: { createdAt: 'asc' } });
  if (kind && run.kind !== kind) throw new Error(`expected ${kind} to be queued, found ${run.kind}`);
  const claim = await claimRun(deps, { runId: run.id, attempt: run.attempt });
  if (!claim) throw new Error('the run could not be claimed');
  return { ...claim, kind: run.kind };
}

let serial = 0;

/**
 * Ends the queued run with a result chosen by the test, through the services that a worker uses: for tests of what follows a run, where the
 * training itself is not the point.
 */
export async function finishQueued(
  deps: Deps,
  options: { accuracyLow?: number; checkpoints?: number; before?: () => Promise<unknown> } = {},
): Promise<{ runId: string; modelId: string | null }> {
  const claim = await claimQueued(deps);
  const row = await deps.db.run.findUniqueOrThrow({ where: { id: claim.runId } });
  const spec = runSpec.parse({ kind: row.kind, config: row.config, inputs: row.inputs });
  const answers: { promptId: string; modelVersionId: string; sampleIndex: number }[] = [];
  if (spec.kind === 'GENERATION') {
    for (const promptId of spec.inputs.promptIds) {
      for (const { modelId, samples, sampleOffset } of spec.inputs.generators) {
        for (let index = 0; index < samples; index += 1)
          answers.push({ promptId, modelVersionId: modelId, sampleIndex: sampleOffset + index });
      }
    }
  }
  if (spec.kind === 'EVALUATION') {
    const { candidateId, previousId, referenceId, promptIds } = spec.inputs;
    for (const promptId of promptIds) {
      for (const modelVersionId of new Set([candidateId, previousId, referenceId]))
        answers.push({ promptId, modelVersionId, sampleIndex: 0 });
    }
  }
  await fencedWrite(deps.db, claim, async (tx) => {
    await tx.response.createMany({
      data: answers.map((answer) => {
        serial += 1;
        const text = `answer ${serial} ${'e'.repeat(serial % 5)}`;
        return { ...answer, origin: 'MODEL' as const, text, salt: 's', saltedHash: `h${serial}`, runId: claim.runId, tokenIds: [3, 4] };
      }),
    });
  });
  for (let step = 1; step <= (options.checkpoints ?? 0); step += 1) {
    await writeStep(deps, claim, { step, totalSteps: step, phase: 'test', metrics: { 'test/step': step } });
    const file = await deps.blobs.putBytes(new TextEncoder().encode(`${claim.runId} ${step}`));
    await writeCheckpoint(deps, claim, { step, files: { 'state.json': file }, best: false });
  }
  const low = options.accuracyLow ?? 0.7;
  const results: Record<typeof spec.kind, RunResult> = {
    GENERATION: { kind: 'GENERATION', prompts: 0, responses: answers.length, duplicates: 0, tasks: 0 },
    REWARD_TRAINING: {
      kind: 'REWARD_TRAINING',
      accuracy: { defined: true, value: low + 0.1, low, high: low + 0.2, n: 10, level: 0.95 },
      lengthBaseline: null,
      trainPrompts: 10,
      validationPrompts: 3,
      details: {},
    },
    POLICY_TRAINING: { kind: 'POLICY_TRAINING', kl: 1.5, reward: 0.4, steps: 6, details: {} },
    EVALUATION: { kind: 'EVALUATION', policies: [], tasks: 0 },
    SCORING: { kind: 'SCORING', responses: 0, models: 1 },
  };
  const trains = spec.kind === 'REWARD_TRAINING' || spec.kind === 'POLICY_TRAINING';
  serial += 1;
  const model = trains ? await storeFiles(deps, tinyModel(serial), { source: 'test' }) : undefined;
  await options.before?.();
  const kind = spec.kind === 'REWARD_TRAINING' ? ('REWARD' as const) : ('POLICY' as const);
  const { modelId } = await finishRun(deps, claim, { result: results[spec.kind], ...(model ? { model: { ...model, kind } } : {}) });
  return { runId: claim.runId, modelId };
}
