import { createRandom } from '#lib/domain/random';
import { type Cluster, clusterBootstrap } from '#lib/domain/statistics/cluster';
import { mean } from '#lib/domain/statistics/summary';
import type { Engine } from '#lib/ml/engine/engine';
import { policyDivergence } from '#lib/ml/evaluation/divergence';
import { outcomeOf, winRate } from '#lib/ml/evaluation/win-rate';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import type { Episode, RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import { sampleEpisodes } from '#lib/ml/training/sample-episodes';

export interface PolicyReport {
  /** Mean reward of the policy's answers, 95 % interval by bootstrap over prompts; null where one prompt gives none. */
  readonly reward: number;
  readonly rewardLow: number | null;
  readonly rewardHigh: number | null;
  /** KL(policy || reference) in nats an answer, on the policy's own answers (k1). */
  readonly kl: number;
  readonly klLow: number | null;
  readonly klHigh: number | null;
  /** Mean tokens of an answer, with its end token. */
  readonly length: number;
  /** Share of answers that end by themselves. */
  readonly eosRate: number;
  /** How often the policy's answer has the higher reward than the reference's to the same prompt; ties count one half. */
  readonly winRate: number;
  readonly winRateLow: number | null;
  readonly winRateHigh: number | null;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  readonly reference: { readonly reward: number; readonly length: number; readonly eosRate: number };
  readonly prompts: number;
  /** Answers of each of the two. */
  readonly n: number;
}

interface Comparing {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  readonly score: RewardScorer;
  readonly prompts: readonly TrainingPrompt[];
  readonly samples: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly stopIds: readonly number[];
  readonly signal: AbortSignal;
  readonly onPhase: (text: string) => void;
}

/** Mean of numbers that come several a prompt, resampled by prompts. */
function byPrompt(answers: readonly Episode[], values: readonly number[], seed: number, name: string) {
  const clusters = new Map<string, Cluster>();
  answers.forEach(({ promptId }, index) => {
    const so = clusters.get(promptId) ?? { numerator: 0, denominator: 0 };
    clusters.set(promptId, { numerator: so.numerator + (values[index] as number), denominator: so.denominator + 1 });
  });
  const interval = clusterBootstrap([...clusters.values()], { random: createRandom(seed, 'evaluate policy', name) });
  return { value: mean(values), low: interval.defined ? interval.low : null, high: interval.defined ? interval.high : null };
}

const lengthOf = (answers: readonly Episode[]) => mean(answers.map(({ response }) => response.length));
const endedShare = (answers: readonly Episode[]) => mean(answers.map(({ ended }) => (ended ? 1 : 0)));

/** Policy and reference answer the same prompts with the same noise; one reward judges both. Throws as sampling and the reward do. */
export async function comparePolicies(comparing: Comparing): Promise<PolicyReport> {
  const { engine, onPhase, policy, reference, samples, score, seed, signal, temperature } = comparing;
  const answer = (model: LanguageModel, name: string) => {
    onPhase(`${name} answers`);
    const { maxNewTokens, prompts, stopIds } = comparing;
    const sampling = { samplesPerPrompt: samples, maxNewTokens, temperature, seed, stream: 'evaluate', stopIds, batchSize: 64 };
    return sampleEpisodes({ engine, policy: model, prompts, signal, ...sampling });
  };
  const ours = await answer(policy, 'the policy');
  const theirs = await answer(reference, 'the reference');
  onPhase('scoring');
  const { total } = await score(ours, signal);
  const { total: others } = await score(theirs, signal);
  const { perAnswer } = policyDivergence({ engine, policy, reference, rows: ours, temperature });
  const [reward, kl] = [byPrompt(ours, total, seed, 'reward'), byPrompt(ours, perAnswer, seed, 'kl')];
  const outcomes = ours.map(({ promptId }, index) => ({ promptId, outcome: outcomeOf(total[index] as number, others[index] as number) }));
  const { losses, rate, ties, wins } = winRate(outcomes, createRandom(seed, 'evaluate policy', 'win rate'));
  return {
    ...{ reward: reward.value, rewardLow: reward.low, rewardHigh: reward.high, kl: kl.value, klLow: kl.low, klHigh: kl.high },
    ...{ length: lengthOf(ours), eosRate: endedShare(ours), winRate: (wins + ties / 2) / outcomes.length },
    ...{ winRateLow: rate.defined ? rate.low : null, winRateHigh: rate.defined ? rate.high : null, wins, ties, losses },
    reference: { reward: mean(others), length: lengthOf(theirs), eosRate: endedShare(theirs) },
    prompts: comparing.prompts.length,
    n: ours.length,
  };
}
