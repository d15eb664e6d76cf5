import { requireSplit } from '#lib/domain/prompt-draw';
import type { RunSpecOf } from '#lib/domain/runs';
import { writeStep } from '#lib/services/runs/write-step';
import { checkDisk } from './check-disk';
import { loadModel } from './load-model';
import { persist } from './persist';
import type { Outcome, RunContext } from './run-context';
import { readPrompts, sampleResponses } from './sample-responses';

/** SAMPLING: each generator answers the prompts of the round. The tasks are made where the run is finished. */
export async function runGeneration(context: RunContext<RunSpecOf<'GENERATION'>>): Promise<Outcome> {
  const { deps, claim, spec, signal } = context;
  await checkDisk(deps, 0);
  const prompts = await readPrompts(context, spec.inputs.promptIds);
  requireSplit(prompts, ['TRAIN', 'VALIDATION'], 'sampling');
  const total = spec.inputs.generators.reduce((sum, generator) => sum + generator.samples * prompts.length, 0);
  let before = 0;
  for (const generator of spec.inputs.generators) {
    const model = await loadModel(deps, generator.modelId);
    const first = before;
    await sampleResponses(context, {
      model,
      prompts,
      samples: generator.samples,
      sampleOffset: generator.sampleOffset,
      sampling: spec.config.sampling,
      onStored: (stored) =>
        persist(deps, signal, () => writeStep(deps, claim, { step: first + stored, totalSteps: total, phase: 'sampling' })),
    });
    before += generator.samples * prompts.length;
  }
  return { result: { kind: 'GENERATION', prompts: prompts.length, responses: total, duplicates: 0, tasks: 0 } };
}
