import path from 'node:path';
import { z } from 'zod';
import { folderRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { RewardMember } from '#lib/ml/evaluation/reward-scorer';
import { readOptionalText } from '#lib/ml/models/model-folder';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { type OpenedFolder, openFolder, requireSameTokenizer } from './open-model';

/** What a reward training writes beside the weights; models of other systems have none. */
export const rewardFileName = 'reward.json';
const rewardFile = z.looseObject({
  normalisation: z.object({ mean: z.number(), std: z.number().positive() }).optional(),
  members: z.array(z.string().min(1)).min(1).nullable(),
});

export interface OpenedReward {
  readonly members: readonly (RewardMember & { readonly opened: OpenedFolder })[];
  dispose(): void;
}

async function readRewardFile(folder: string): Promise<z.infer<typeof rewardFile>> {
  const text = await readOptionalText(await folderRanges(folder), rewardFileName);
  if (text === undefined) return { members: null };
  try {
    return rewardFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('BAD_INPUT', `${folder}/${rewardFileName} cannot be read: it needs "normalisation" or "members".`, {
      details: { file: `${folder}/${rewardFileName}` },
      cause,
    });
  }
}

async function openMember(
  engine: Engine,
  folder: string,
  policy: OpenedFolder | undefined,
  option: string,
): Promise<OpenedReward['members'][number]> {
  const opened = await openFolder(folder);
  if (opened.files.kind !== 'REWARD') {
    throw new AppError('BAD_INPUT', `--${option}: ${folder} is no reward model but one of kind ${opened.files.kind}.`, {
      details: { folder, option },
      remedy: 'Train one with plumbline train reward, or name a folder with a scalar head.',
    });
  }
  if (policy !== undefined) requireSameTokenizer(policy, opened, option);
  const { normalisation = { mean: 0, std: 1 } } = await readRewardFile(folder);
  return { opened, normalisation, model: createScalarModel(engine, opened.files, { headSeed: 0 }) };
}

/** A reward model or an ensemble of them. `policy`: what writes the answers. @throws AppError BAD_INPUT naming folder and file */
export async function openReward(
  engine: Engine,
  folder: string,
  options: { readonly policy?: OpenedFolder; readonly option?: string } = {},
): Promise<OpenedReward> {
  const { option = 'reward', policy } = options;
  const { members } = await readRewardFile(folder);
  const opened: OpenedReward['members'][number][] = [];
  for (const member of members ?? ['.']) opened.push(await openMember(engine, path.join(folder, member), policy, option));
  return {
    members: opened,
    dispose() {
      for (const { model } of opened) model.dispose();
    },
  };
}
