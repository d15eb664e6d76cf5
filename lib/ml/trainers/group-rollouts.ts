import { createRandom } from '#lib/domain/random';
import { moments, scoreWithEnding } from '#lib/ml/numerics';
import type { Episode, RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import type { TokenRows } from '#lib/ml/training/token-rows';
import { readByRow } from './direct-rows';
import type { GroupConfig } from './group-config';
import { checkFinite, checkScores } from './ppo-checks';

/** A rollout batch with everything that stays fixed during its updates; arrays by episode, the samples of a prompt one after the other. */
export interface GroupRollout {
  readonly episodes: readonly Episode[];
  readonly samplesPerPrompt: number;
  /** By token, at the sampling temperature; computed by the training forward pass, not taken from the sampler. */
  readonly logProbs: readonly Float64Array[];
  readonly referenceLogProbs: readonly Float64Array[];
  /** After the rule about endings. */
  readonly scores: readonly number[];
  /** log pi - log ref, summed over the answer (k1). */
  readonly kls: readonly number[];
  readonly kl: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Prompts of one step: every pass over them has its own order, a function of (seed, kind, pass). */
export function promptsOf(
  prompts: readonly TrainingPrompt[],
  at: { readonly seed: number; readonly kind: string; readonly step: number; readonly count: number },
): TrainingPrompt[] {
  const orders = new Map<number, readonly TrainingPrompt[]>();
  return Array.from({ length: at.count }, (_, place) => {
    const index = at.step * at.count + place;
    const pass = Math.floor(index / prompts.length);
    const order = orders.get(pass) ?? createRandom(at.seed, at.kind, 'prompts', pass).shuffle(prompts);
    orders.set(pass, order);
    return order[index % prompts.length] as TrainingPrompt;
  });
}

const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index] as number;
  return sum;
};
const mean = (values: ArrayLike<number>): number => total(values) / values.length;

/** Cuts values by episode into those of each prompt. */
export function byGroup<T>(values: readonly T[], samplesPerPrompt: number): T[][] {
  return Array.from({ length: values.length / samplesPerPrompt }, (_, group) =>
    values.slice(group * samplesPerPrompt, (group + 1) * samplesPerPrompt),
  );
}

/** Spread within the groups, and the share of those that tell nothing apart. */
function groupMetrics(scores: readonly number[], samplesPerPrompt: number): Record<string, number> {
  const groups = byGroup(scores, samplesPerPrompt);
  const spreads = groups.map((group) => Math.sqrt(moments([group], 1).variance));
  return {
    'reward/groupStd': mean(spreads),
    'reward/zeroStdGroups': mean(groups.map((group) => (group.every((score) => score === group[0]) ? 1 : 0))),
  };
}

/** Scores answers and asks policy and reference about every token of them. Throws INVARIANT naming what is missing or not finite. */
export async function judgeGroups(options: {
  readonly episodes: readonly Episode[];
  readonly policy: (rows: TokenRows) => Float32Array;
  readonly reference: (rows: TokenRows) => Float32Array;
  readonly how: Parameters<typeof readByRow>[2];
  readonly reward: RewardScorer;
  readonly step: number;
  readonly config: GroupConfig;
  readonly signal: AbortSignal;
}): Promise<GroupRollout> {
  const { config, episodes, how, signal, step } = options;
  const scored = await options.reward(episodes, signal);
  checkScores(scored, episodes, step);
  const logProbs = readByRow(options.policy, episodes, how);
  const referenceLogProbs = readByRow(options.reference, episodes, how);
  checkFinite(logProbs, 'policy log-probabilities', step);
  checkFinite(referenceLogProbs, 'reference log-probabilities', step);
  const scores = scored.total.map((score, index) => scoreWithEnding(score, (episodes[index] as Episode).ended, config.missingEos));
  const kls = logProbs.map((row, index) => total(row) - total(referenceLogProbs[index] as Float64Array));
  const kl = mean(kls);
  const tokens = logProbs.reduce((sum, row) => sum + row.length, 0);
  const parts = Object.entries(scored.parts ?? {}).map(([name, values]) => [`reward/part/${name}`, mean(values)] as const);
  return {
    episodes,
    samplesPerPrompt: config.samplesPerPrompt,
    logProbs,
    referenceLogProbs,
    scores,
    kls,
    kl,
    metrics: {
      'reward/mean': mean(scores) - config.klCoefficient * kl,
      'reward/score': mean(scored.total),
      'reward/scoreStd': Math.sqrt(moments([scored.total], 0).variance),
      ...groupMetrics(scores, config.samplesPerPrompt),
      ...Object.fromEntries(parts),
      'policy/kl': kl,
      'policy/klPerToken': (kl * episodes.length) / tokens,
      'policy/entropy': -logProbs.reduce((sum, row) => sum + total(row), 0) / tokens,
      'policy/klCoefficient': config.klCoefficient,
      'answer/length': tokens / episodes.length,
      'answer/eosRate': mean(episodes.map(({ ended }) => (ended ? 1 : 0))),
    },
  };
}
