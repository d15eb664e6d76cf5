import { createRandom } from '#lib/domain/random';
import type { TensorData } from '#lib/formats/safetensors';
import type { Parameter, Parameters } from '#lib/ml/engine/engine';
import { newScalarHead, type ScalarModel } from '#lib/ml/nn/language-model';

/** Seed of member `index` (from 0) of an ensemble: of its scalar head, and of its data order where it has a trunk of its own. */
export function memberSeed(seed: number, index: number): number {
  return seed + index;
}

/** The heads of members 2 to `members` of an ensemble on the trunk of `model`, whose own head is the first; disposed of by the caller. */
export function createHeads(model: ScalarModel, seed: number, members: number): Map<string, Parameter> {
  const { hiddenSize } = model.config;
  const heads = new Map<string, Parameter>();
  for (let index = 1; index < members; index += 1) {
    const name = `head-${index + 1}.weight`;
    heads.set(name, model.trunk.engine.parameter(name, [1, hiddenSize], newScalarHead(hiddenSize, memberSeed(seed, index))));
  }
  return heads;
}

/** The weights of member `index` as a model of its own: the common trunk with that member's head. */
export function memberWeights(model: ScalarModel, heads: Parameters, index: number): Record<string, TensorData> {
  const weights = model.exportWeights();
  const head = [...heads.values()][index - 1];
  const own = weights['score.weight'];
  if (index === 0 || head === undefined || own === undefined) return weights;
  return { ...weights, 'score.weight': { dtype: 'F32', shape: own.shape, data: head.values() } };
}

/**
 * What a prompt weighs for head `head` of several: 0 or 2 by a coin for each prompt and head, so that heads on one trunk learn from different data (the
 * double-or-nothing bootstrap, Owen and Eckles 2012; heads of one network: Osband et al. 1602.04621). A head by itself learns from everything.
 */
export function headShare(seed: number, head: number, heads: number, promptId: string): number {
  return heads === 1 ? 1 : 2 * createRandom(seed, 'head', head, promptId).integer(2);
}
