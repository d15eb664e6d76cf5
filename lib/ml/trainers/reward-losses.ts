import { bucketCount, filledUp } from '#lib/ml/batches';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { type JudgeTerms, type PairCounts, smoothed, type TieModel } from '#lib/ml/numerics-preferences';
import { predictionBucket } from '#lib/ml/training/target-log-probs';
import { type JudgedPair, judgementWeight } from './reward-pairs';

/** A pair of a batch: places in the batch's scores, and what it adds to the loss of the whole batch. */
export interface FlatPair extends PairCounts {
  readonly first: number;
  readonly second: number;
  readonly terms: JudgeTerms;
}

export interface WeighedPrompt {
  /** Number of responses, whose scores lie one after the other. */
  readonly responses: number;
  readonly pairs: readonly JudgedPair[];
}

/** Whether each prompt of a batch weighs the same (InstructGPT: 1 / C(K, 2) a pair) or each judgement does. */
export type Weighting = 'prompt' | 'judgement';

/** What one judgement of the prompt weighs in the loss of the whole batch: over the batch the weights of all judgements sum to 1. */
export function judgementShare(prompt: WeighedPrompt, batch: readonly WeighedPrompt[], weighting: Weighting): number {
  if (weighting === 'prompt') return 1 / (judgementWeight(prompt.pairs) * batch.length);
  return 1 / batch.reduce((sum, { pairs }) => sum + judgementWeight(pairs), 0);
}

/** Lays the pairs of some prompts flat; `shareOf` is what one judgement weighs in the whole batch, `at` where the first score lies. */
export function flattenPairs<P extends WeighedPrompt>(
  prompts: readonly P[],
  options: {
    readonly at?: number;
    readonly shareOf: (prompt: P) => number;
    readonly termsOf: (prompt: P, pair: JudgedPair) => JudgeTerms;
    readonly smoothing: number;
  },
): FlatPair[] {
  let offset = options.at ?? 0;
  return prompts.flatMap((prompt) => {
    const share = options.shareOf(prompt);
    const start = offset;
    offset += prompt.responses;
    return prompt.pairs.map((pair): FlatPair => {
      const { losses, ties, wins } = smoothed(pair, options.smoothing);
      const weighed = { wins: wins * share, losses: losses * share, ties: ties * share };
      return { first: start + pair.first, second: start + pair.second, ...weighed, terms: options.termsOf(prompt, pair) };
    });
  });
}

/** Columns of pairs as tensors `[count]`; pairs that are added up to a number that comes often weigh nothing. */
class PairColumns {
  readonly count: number;

  constructor(
    readonly engine: Engine,
    readonly pairs: readonly FlatPair[],
  ) {
    this.count = bucketCount(predictionBucket(pairs.length));
  }

  number(of: (pair: FlatPair) => number, filler = 0): Tensor {
    return this.engine.float(filledUp(Float32Array.from(this.pairs, of), this.count, filler), [this.count]);
  }

  /** `scores` `[n]` at places of pairs: `[count]`. */
  pick(scores: Tensor, of: (pair: FlatPair) => number): Tensor {
    const { count, engine } = this;
    const column = engine.reshape(scores, [scores.shape[0] as number, 1]); // [n] -> [n, 1]
    const places = engine.int(filledUp(Int32Array.from(this.pairs, of), count, 0), [count]);
    return engine.reshape(engine.gatherRows(column, places), [count]); // [count, 1] -> [count]
  }
}

interface Logs {
  readonly first: Tensor;
  readonly second: Tensor;
  /** Not a probability under `soft`, where it is not used. */
  readonly tie: Tensor;
}

/** log P of the three outcomes at differences `a` `[count]`; see numerics-preferences.ts for the equations. */
function outcomeLogs(engine: Engine, a: Tensor, ties: TieModel): Logs {
  // learned numbers are data: else every update would be another graph
  const data = (value: number) => engine.float([value], [1]);
  if (ties.kind === 'davidson') {
    const half = engine.mul(a, 0.5);
    const other = engine.neg(half);
    // nothing is larger than |a| / 2, so that nothing overflows
    const peak = engine.maximum(half, other);
    const powers = engine.add(engine.exp(engine.sub(half, peak)), engine.exp(engine.sub(other, peak)));
    const logZ = engine.add(peak, engine.log(engine.add(powers, engine.mul(engine.exp(engine.neg(peak)), data(ties.nu)))));
    return { first: engine.sub(half, logZ), second: engine.sub(other, logZ), tie: engine.sub(data(Math.log(ties.nu)), logZ) };
  }
  if (ties.kind === 'soft') {
    const first = engine.logSigmoid(a);
    // log sigmoid(-a) = log sigmoid(a) - a
    return { first, second: engine.sub(first, a), tie: first };
  }
  const edge = data(Math.log(ties.theta));
  const first = engine.logSigmoid(engine.sub(a, edge));
  const second = engine.logSigmoid(engine.sub(engine.neg(a), edge));
  return { first, second, tie: engine.add(engine.add(first, second), data(Math.log(ties.theta * ties.theta - 1))) };
}

/** log(eta P + (1 - eta) P'): CrowdBT. Logs are bounded below, so that the probability of what eta rules out is not 0. */
function mixedLogs(columns: PairColumns, said: Tensor, opposite: Tensor): Tensor {
  const { engine } = columns;
  const accuracy = columns.number(({ terms }) => terms.accuracy, 1);
  const mix = engine.add(engine.mul(engine.exp(said), accuracy), engine.mul(engine.exp(opposite), engine.sub(1, accuracy)));
  return engine.log(engine.maximum(mix, 1e-30));
}

/**
 * Batch loss: -sum over pairs of wins log P(first at a - m) + losses log P(second at a + m) + ties log P(tie at a), with
 * a = temperature (score[first] - score[second]) + shift; the twin of `judgementLoss`. By `flattenPairs` it is the mean over prompts of InstructGPT
 * eq. 1. `scores` `[n]` -> scalar. What no pair makes use of is not computed.
 */
export function rankingLossTensor(engine: Engine, scores: Tensor, pairs: readonly FlatPair[], ties: TieModel): Tensor {
  const columns = new PairColumns(engine, pairs);
  const uses = (of: (terms: JudgeTerms) => boolean) => pairs.some(({ terms }) => of(terms));
  let a = engine.sub(
    columns.pick(scores, ({ first }) => first),
    columns.pick(scores, ({ second }) => second),
  );
  if (uses(({ temperature }) => temperature !== 1))
    a = engine.mul(
      a,
      columns.number(({ terms }) => terms.temperature),
    );
  if (uses(({ shift }) => shift !== 0))
    a = engine.add(
      a,
      columns.number(({ terms }) => terms.shift),
    );
  const margin = uses((terms) => terms.margin !== 0) ? columns.number(({ terms }) => terms.margin) : undefined;
  const mixes = uses(({ accuracy }) => accuracy !== 1);
  const level = outcomeLogs(engine, a, ties);
  const won = margin ? outcomeLogs(engine, engine.sub(a, margin), ties) : level;
  const lost = margin ? outcomeLogs(engine, engine.add(a, margin), ties) : level;
  const log = (logs: Logs, said: 'first' | 'second') => {
    const opposite = said === 'first' ? logs.second : logs.first;
    return mixes ? mixedLogs(columns, logs[said], opposite) : logs[said];
  };
  const weighed = (values: Tensor, of: (pair: FlatPair) => number) => engine.sum(engine.mul(values, columns.number(of)));
  // a tie without margin is half a win and half a loss under `soft`
  const halves = ties.kind === 'soft' && margin === undefined ? 0.5 : 0;
  let sum = engine.add(
    weighed(log(won, 'first'), (pair) => pair.wins + halves * pair.ties),
    weighed(log(lost, 'second'), (pair) => pair.losses + halves * pair.ties),
  );
  if (halves === 0 && pairs.some((pair) => pair.ties > 0)) {
    const tie = ties.kind === 'soft' ? engine.mul(engine.add(log(level, 'first'), log(level, 'second')), 0.5) : level.tie;
    sum = engine.add(
      sum,
      weighed(tie, (pair) => pair.ties),
    );
  }
  return engine.neg(sum);
}

/** One place of a ranking to be filled: the scores that compete for it, the winner first. */
export interface Choice {
  readonly members: readonly number[];
  /** In the loss of the whole batch. */
  readonly weight: number;
}

/**
 * Places of one ranking for `plackettLuceLoss`: each answer against all that are not ranked above it, ties in each other's denominators. `at`: where the
 * responses' scores lie. The last place of a strict ranking is no choice.
 */
export function plackettLuceChoices(ranks: readonly (number | null)[], at: number, weight: number): Choice[] {
  return ranks.flatMap((rank, index) => {
    if (rank === null) return [];
    const rivals = [...ranks.keys()].filter((other) => other !== index && (ranks[other] ?? 0) >= rank);
    return rivals.length === 0 ? [] : [{ members: [at + index, ...rivals.map((rival) => at + rival)], weight }];
  });
}

/** For `bestOfKLoss`: each best answer against all that were ranked, with an equal share of the weight. */
export function bestOfKChoices(ranks: readonly (number | null)[], at: number, weight: number): Choice[] {
  const ranked = [...ranks.keys()].filter((index) => ranks[index] !== null);
  const top = Math.min(...ranked.map((index) => ranks[index] as number));
  const best = ranked.filter((index) => ranks[index] === top);
  if (ranked.length < 2 || best.length === ranked.length) return [];
  const others = (winner: number) => ranked.filter((index) => index !== winner);
  return best.map((winner) => ({ members: [winner, ...others(winner)].map((index) => at + index), weight: weight / best.length }));
}

/** Far below every score, and finite. */
const absent = -1e9;

/** -sum weight log softmax(members)[winner]: `scores` `[n]` -> scalar. Plackett-Luce and best-of-K, by what choices there are. */
export function choiceLossTensor(engine: Engine, scores: Tensor, choices: readonly Choice[]): Tensor {
  const count = bucketCount(predictionBucket(choices.length));
  // rankings of up to 9 are usual: widths in steps of 4 make few shapes
  const width = Math.ceil(choices.reduce((most, { members }) => Math.max(most, members.length), 2) / 4) * 4;
  const members = new Int32Array(count * width);
  const hidden = new Float32Array(count * width).fill(absent);
  const weights = new Float32Array(count);
  choices.forEach((choice, row) => {
    members.set(choice.members, row * width);
    hidden.fill(0, row * width, row * width + choice.members.length);
    weights[row] = choice.weight;
  });
  const column = engine.reshape(scores, [scores.shape[0] as number, 1]); // [n] -> [n, 1]
  const picked = engine.gatherRows(column, engine.int(members, [count * width]));
  // [count * width, 1] -> [count, width]
  const rows = engine.add(engine.reshape(picked, [count, width]), engine.float(hidden, [count, width]));
  const winners = engine.slice(engine.logSoftmax(rows), [0, 0], [count, 1]);
  return engine.neg(engine.sum(engine.mul(engine.reshape(winners, [count]), engine.float(weights, [count]))));
}

/** sum of weight score^2 with weights of the whole batch: holds the constant that no ranking decides near 0 (after 2312.09244). `scores`, `weights` `[n]`. */
export function centeringTensor(engine: Engine, scores: Tensor, weights: Float32Array): Tensor {
  const filled = filledUp(weights, scores.shape[0] as number, 0);
  return engine.sum(engine.mul(engine.square(scores), engine.float(filled, [filled.length])));
}

/** TRL's form of the same: sum of weight (score[first] + score[second])^2, weights those of the judgements. */
export function pairCenteringTensor(engine: Engine, scores: Tensor, pairs: readonly FlatPair[]): Tensor {
  const columns = new PairColumns(engine, pairs);
  const both = engine.add(
    columns.pick(scores, ({ first }) => first),
    columns.pick(scores, ({ second }) => second),
  );
  const weights = columns.number(({ losses, ties, wins }) => wins + losses + ties);
  return engine.sum(engine.mul(engine.square(both), weights));
}
