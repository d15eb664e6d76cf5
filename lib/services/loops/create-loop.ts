import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { type LoopConfig, type LoopConfigInput, loopConfig } from '#lib/domain/loop-config';
import type { Split } from '#lib/domain/splits';
import { presetFor, trainingPresetNames, withPreset } from '#lib/domain/training-presets';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

export const createLoopInput = z.strictObject({
  projectId: z.uuid(),
  name: z.string().trim().min(1, 'needs a name').max(120),
  /** The SFT policy: fixed for the loop. */
  referenceId: z.uuid(),
  datasetId: z.uuid(),
  config: z.unknown().optional(),
  /** Fills what `config` leaves open; `auto` goes by the size of the SFT policy. */
  preset: z.enum(['auto', ...trainingPresetNames]).default('auto'),
});

/** A loop that waits to be started. @throws AppError BAD_INPUT, PRECONDITION or CONFLICT, naming what does not fit and what to do. */
export async function createLoop(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof createLoopInput>,
): Promise<{ loopId: string }> {
  const { projectId, name, referenceId, datasetId, config: given, preset } = parse(createLoopInput, input);
  await authorise(deps, actor, projectId, 'loop.create');
  parse(loopConfig, given ?? {});
  const { parameterCount } = await requirePolicy(deps, projectId, referenceId);
  const filled = withPreset((given ?? {}) as LoopConfigInput, preset === 'auto' ? presetFor(parameterCount) : preset);
  const config = parse(loopConfig, filled);
  await requirePrompts(deps, projectId, datasetId, config);
  if ((await deps.db.loop.count({ where: { projectId, name } })) > 0) {
    throw new AppError('CONFLICT', `The project has a loop named "${name}" already.`, { remedy: 'Choose another name.' });
  }
  const loop = await deps.db.loop.create({
    data: {
      projectId,
      name,
      referenceId,
      datasetId,
      config,
      status: 'WAITING',
      createdById: actorUserId(actor),
      createdAt: deps.clock.now(),
    },
    select: { id: true },
  });
  return { loopId: loop.id };
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new AppError('BAD_INPUT', `The loop cannot be made: ${field ? `"${field}": ` : ''}${issue?.message ?? 'unknown form'}.`, {
    details: { field },
  });
}

async function requirePolicy(deps: Pick<Deps, 'db'>, projectId: string, referenceId: string): Promise<{ parameterCount: number }> {
  const model = await deps.db.modelVersion.findFirst({
    where: { id: referenceId, projectId },
    select: { name: true, kind: true, parameterCount: true },
  });
  if (!model)
    throw new AppError('NOT_FOUND', 'The project has no such model.', { details: { referenceId }, remedy: 'Import the SFT policy first.' });
  if (model.kind !== 'POLICY') {
    throw new AppError('BAD_INPUT', `"${model.name}" is a ${model.kind.toLowerCase()} model; a loop starts from a policy.`, {
      details: { referenceId, kind: model.kind },
    });
  }
  return model;
}

async function requirePrompts(deps: Pick<Deps, 'db'>, projectId: string, datasetId: string, config: LoopConfig): Promise<void> {
  const dataset = await deps.db.dataset.findFirst({ where: { id: datasetId, projectId }, select: { name: true } });
  if (!dataset)
    throw new AppError('NOT_FOUND', 'The project has no such dataset.', { details: { datasetId }, remedy: 'Import prompts first.' });
  const counts = await deps.db.prompt.groupBy({ by: ['split'], where: { datasetId }, _count: { _all: true } });
  const has = (split: Split) => counts.find((count) => count.split === split)?._count._all ?? 0;
  const labeling = has('TRAIN') + has('VALIDATION');
  const wants: readonly { have: number; want: number; where: string; why: string; field: string }[] = [
    { have: has('TRAIN'), want: 2, where: 'in the training split', why: 'training needs at least 2', field: 'datasetId' },
    {
      have: has('VALIDATION'),
      want: 2,
      where: 'in the validation split',
      why: "the reward model's accuracy needs at least 2",
      field: 'datasetId',
    },
    {
      have: labeling,
      want: config.promptsPerRound,
      where: 'in the training and validation splits',
      why: `a round asks for ${config.promptsPerRound}`,
      field: 'promptsPerRound',
    },
    {
      have: has('TEST'),
      want: config.evaluation.prompts,
      where: 'in the test split',
      why: `evaluation asks for ${config.evaluation.prompts}`,
      field: 'evaluation.prompts',
    },
  ];
  for (const { have, want, where, why, field } of wants) {
    if (have < want) {
      throw new AppError('PRECONDITION', `The dataset "${dataset.name}" has ${have} prompts ${where}; ${why}.`, {
        details: { datasetId, have, want, field },
        remedy: 'Import more prompts, or ask for fewer.',
      });
    }
  }
  if (config.evaluation.comparisons > config.evaluation.prompts) {
    throw new AppError(
      'BAD_INPUT',
      `${config.evaluation.comparisons} blind comparisons need as many evaluation prompts; there are ${config.evaluation.prompts}.`,
      {
        details: { field: 'evaluation.comparisons' },
      },
    );
  }
}
