import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import { createReward } from '#lib/ml/rewards/create-reward';
import type { RewardSpec } from '#lib/ml/rewards/reward-spec';
import type { RewardScorer } from '#lib/ml/training/examples';
import { httpReward } from '#lib/providers/http-reward';
import type { OpenedFolder } from './open-model';
import { type OpenedReward, openReward } from './open-reward';

export interface OpenedScorer {
  readonly score: RewardScorer;
  /** Of the models that judge: none where rules or a server do. */
  readonly folders: readonly OpenedFolder[];
  readonly models: readonly ScalarModel[];
  dispose(): void;
}

/** What --reward or the setting "reward" says. @throws AppError BAD_INPUT where it is both or neither */
export function requireReward(spec: RewardSpec | null, folder: string | undefined): RewardSpec {
  if (spec !== null && folder === undefined) return spec;
  if (spec === null && folder !== undefined) return { model: folder, how: 'mean', lambda: 0.1, weight: 1 };
  throw new AppError(
    'BAD_INPUT',
    spec === null ? 'Nothing says what answers are worth.' : 'There are both --reward and the setting "reward".',
    {
      details: { option: 'reward' },
      remedy: 'Give --reward DIR with a reward model, or the setting "reward" with rules, models, an ensemble or a server; one of the two.',
    },
  );
}

/** Folders of models that a reward is made of. */
export function rewardFolders(spec: RewardSpec): string[] {
  return (Array.isArray(spec) ? spec : [spec]).flatMap((part) =>
    'model' in part ? [part.model] : 'ensemble' in part ? part.ensemble : [],
  );
}

/** Makes the scorer; models are read from their folders. @throws AppError BAD_INPUT naming folder and file */
export async function openScorer(
  engine: Engine,
  spec: RewardSpec,
  { expected, policy }: { readonly policy: OpenedFolder; readonly expected?: ReadonlyMap<string, string> },
): Promise<OpenedScorer> {
  const { tokenizer } = policy;
  const opened: OpenedReward[] = [];
  const texts = { tokenizer, ...(expected ? { expected } : {}) };
  const score = await createReward(spec, {
    engine,
    ...texts,
    loadModels: async (folder) => {
      const reward = await openReward(engine, folder, { policy });
      opened.push(reward);
      return reward.members;
    },
    http: (server) => httpReward(server, texts),
  });
  const members = opened.flatMap((reward) => reward.members);
  return {
    score,
    folders: members.map((member) => member.opened),
    models: members.map(({ model }) => model),
    dispose() {
      for (const reward of opened) reward.dispose();
    },
  };
}
