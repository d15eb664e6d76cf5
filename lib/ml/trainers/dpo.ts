import { z } from 'zod';
import { AppError } from '#lib/errors';
import { chunk } from '#lib/ml/batches';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { directPairLoss, type PairLossConfig } from '#lib/ml/numerics-direct';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { PreferencePair } from '#lib/ml/training/examples';
import type { Reference } from '#lib/ml/training/reference';
import { predictionBucket, TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { type AnswerPlace, AnswerTable, type LaidAnswers, type ReferenceSums, referenceSums } from './direct-answers';
import { directConfigShape } from './direct-config';
import { type DirectResult, type DirectUpdate, trainDirectly } from './direct-loop';
import { answerSums, paddedFloats, sameTokens, sumByAnswer } from './direct-rows';
import { sampleTable } from './direct-samples';
import type { CheckpointData, StepMetrics } from './trainer';

export const dpoConfig = z
  .object({
    ...directConfigShape,
    /** `sigmoid` = DPO, with labelSmoothing cDPO; `robust`, `ipo`, `hinge`: see PairLossConfig. */
    loss: z.enum(['sigmoid', 'robust', 'ipo', 'hinge']).default('sigmoid'),
    /** Share of labels that are thought to be wrong (cDPO, robust DPO); 0 as in DPO. */
    labelSmoothing: z.number().min(0).lt(0.5).default(0),
    /** IPO on log-probabilities per token, as TRL and OpenRLHF compute it; the paper's equation has sums. beta then belongs to nats a token. */
    ipoAverage: z.boolean().default(false),
    /** a in a * -log pi(chosen) / |chosen| beside the pair loss, against falling likelihoods of chosen answers (Pang et al. 2404.19733: 1); 0 = none. */
    sftCoefficient: z.number().min(0).default(0),
    /** `pair`: a batch is drawn from all pairs. `prompt`: batchSize counts prompts, each with all its pairs (InstructGPT 2203.02155 section 3.5 found that pairs of one prompt in different updates overfit). */
    batchBy: z.enum(['pair', 'prompt']).default('pair'),
  })
  .refine(({ labelSmoothing, loss }) => labelSmoothing === 0 || loss === 'sigmoid' || loss === 'robust', {
    path: ['labelSmoothing'],
    message: 'Only the losses sigmoid and robust know label smoothing.',
  })
  .refine(({ ipoAverage, loss }) => !ipoAverage || loss === 'ipo', { path: ['ipoAverage'], message: 'It belongs to the loss ipo.' });
export type DpoConfig = z.infer<typeof dpoConfig>;

/** Pairs of a batch laid flat: which answers they compare, and what of their difference is known before. */
export interface FlatDirectPairs {
  /** Numbers of the batch's answers: `[p]`. */
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** Tokens of the two answers: `[p]`. */
  readonly chosenLengths: readonly number[];
  readonly rejectedLengths: readonly number[];
  /** log ref, summed over the tokens: `[p]`. */
  readonly chosenReference: readonly number[];
  readonly rejectedReference: readonly number[];
  /** Already divided by the whole batch's, so that losses of parts add up: `[p]`. */
  readonly weights: readonly number[];
}

type LossConfig = PairLossConfig & Pick<DpoConfig, 'ipoAverage' | 'sftCoefficient'>;

/** -log sigmoid(beta h) and its kin, pair by pair: `[p]` -> `[p]`; the equations are PairLossConfig's. */
export function pairLossTensor(engine: Engine, h: Tensor, { beta, labelSmoothing, loss }: PairLossConfig): Tensor {
  if (loss === 'ipo') return engine.square(engine.sub(h, 1 / (2 * beta)));
  const z = engine.mul(h, beta);
  if (loss === 'hinge') return engine.maximum(engine.sub(1, z), 0);
  const kept = engine.mul(engine.logSigmoid(z), labelSmoothing - 1);
  if (labelSmoothing === 0) return kept;
  const flipped = engine.mul(engine.logSigmoid(engine.neg(z)), labelSmoothing);
  return loss === 'robust' ? engine.mul(engine.add(kept, flipped), 1 / (1 - 2 * labelSmoothing)) : engine.sub(kept, flipped);
}

/**
 * Loss of a batch or a part of one: sum over pairs of w (l(h) - a log pi(chosen) / |chosen|) with
 * h = (log pi - log ref)(chosen) - (log pi - log ref)(rejected). `sums` `[answers]`: log pi of each answer, with gradient.
 */
export function dpoLossTensor(engine: Engine, sums: Tensor, pairs: FlatDirectPairs, config: LossConfig): Tensor {
  const count = predictionBucket(pairs.weights.length);
  const column = engine.reshape(sums, [sums.shape[0] as number, 1]); // [answers] -> [answers, 1]
  const floats = (values: readonly number[]) => paddedFloats(engine, values, count);
  const pick = (numbers: Int32Array) => {
    const all = new Int32Array(count);
    all.set(numbers);
    return engine.reshape(engine.gatherRows(column, engine.int(all, [count])), [count]); // [p, 1] -> [p]
  };
  const ratio = (numbers: Int32Array, reference: readonly number[], lengths: readonly number[]) => {
    const difference = engine.sub(pick(numbers), floats(reference));
    return config.ipoAverage ? engine.mul(difference, floats(lengths.map((length) => 1 / length))) : difference;
  };
  const h = engine.sub(
    ratio(pairs.chosen, pairs.chosenReference, pairs.chosenLengths),
    ratio(pairs.rejected, pairs.rejectedReference, pairs.rejectedLengths),
  );
  const loss = engine.sum(engine.mul(pairLossTensor(engine, h, config), floats(pairs.weights)));
  if (config.sftCoefficient === 0) return loss;
  const perToken = floats(pairs.weights.map((weight, index) => (-config.sftCoefficient * weight) / (pairs.chosenLengths[index] as number)));
  return engine.add(loss, engine.sum(engine.mul(pick(pairs.chosen), perToken)));
}

interface PlacedPair {
  readonly pair: PreferencePair;
  readonly chosen: AnswerPlace;
  readonly rejected: AnswerPlace;
}

const list = (ids: readonly string[]) => `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;

/** Throws BAD_INPUT naming pairs that say nothing, and as `AnswerTable.add` does. */
function placePairs(table: AnswerTable, pairs: readonly PreferencePair[]): PlacedPair[] {
  const identical = pairs.filter(({ chosen, rejected }) => sameTokens(chosen, rejected)).map(({ pairId }) => pairId);
  if (identical.length > 0) {
    throw new AppError('BAD_INPUT', `Chosen and rejected are the same answer in ${list(identical)}.`, {
      details: { check: 'identical-pair', pairs: identical.slice(0, 100) },
      remedy: 'Leave these pairs out: nothing can be learnt from them.',
    });
  }
  return pairs.map((pair) => {
    const { pairId, prompt, promptId, split, weight } = pair;
    if (!(Number.isFinite(weight) && weight > 0)) {
      throw new AppError('BAD_INPUT', `Pair ${pairId}: its weight is ${weight}; it has to be above 0.`, {
        details: { check: 'positive-weight', pairId },
      });
    }
    const place = (name: 'chosen' | 'rejected') =>
      table.add({ where: `Pair ${pairId}, ${name}`, promptId, split, prompt, answer: pair[name] });
    return { pair, chosen: place('chosen'), rejected: place('rejected') };
  });
}

function groupsByPrompt(pairs: readonly PlacedPair[]): PlacedPair[][] {
  const groups = new Map<number, PlacedPair[]>();
  for (const placed of pairs) groups.set(placed.chosen.prompt, [...(groups.get(placed.chosen.prompt) ?? []), placed]);
  return [...groups.values()];
}

/** Laid flat with what the reference says; `total` is the weight of the whole batch. */
function flatten(pairs: readonly PlacedPair[], laid: LaidAnswers, reference: ReferenceSums, total: number): FlatDirectPairs {
  return {
    chosen: Int32Array.from(pairs, ({ chosen }) => laid.numberOf(chosen)),
    rejected: Int32Array.from(pairs, ({ rejected }) => laid.numberOf(rejected)),
    chosenLengths: pairs.map(({ pair }) => pair.chosen.length),
    rejectedLengths: pairs.map(({ pair }) => pair.rejected.length),
    chosenReference: pairs.map(({ chosen }) => reference.of(chosen)),
    rejectedReference: pairs.map(({ rejected }) => reference.of(rejected)),
    weights: pairs.map(({ pair }) => pair.weight / total),
  };
}

/**
 * Log-ratios nearer than this share of the log-probabilities are equal: float32 sums of other batches differ by so much. Without it rounding would
 * decide at the first update, where policy and reference are one.
 */
const rounding = 2e-6;

interface PairFigures {
  readonly weight: number;
  /** log pi of both answers, and its distance to the reference's. */
  readonly chosen: number;
  readonly rejected: number;
  readonly chosenRatio: number;
  readonly rejectedRatio: number;
  /** What the pair's loss is a function of. */
  readonly h: number;
  /** What counts as equal: see `rounding`. */
  readonly noise: number;
}

/** What the policy says of each pair; weights sum to 1 over a whole batch. */
function figuresOf(pairs: FlatDirectPairs, sums: ArrayLike<number>, ipoAverage: boolean): PairFigures[] {
  return pairs.weights.map((weight, index) => {
    const chosen = sums[pairs.chosen[index] as number] as number;
    const rejected = sums[pairs.rejected[index] as number] as number;
    const chosenRatio = chosen - (pairs.chosenReference[index] as number);
    const rejectedRatio = rejected - (pairs.rejectedReference[index] as number);
    const per = (lengths: readonly number[]) => (ipoAverage ? (lengths[index] as number) : 1);
    const h = chosenRatio / per(pairs.chosenLengths) - rejectedRatio / per(pairs.rejectedLengths);
    const noise = 1e-5 + rounding * (Math.abs(chosen) + Math.abs(rejected));
    return { weight, chosen, rejected, chosenRatio, rejectedRatio, h, noise };
  });
}

/** Means over pairs by weight, named as in docs/metrics.md; accuracy counts strictly greater margins. */
function reportPairs(figures: readonly PairFigures[], beta: number): Record<string, number> {
  const total = figures.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (value: (pair: PairFigures) => number) => figures.reduce((sum, pair) => sum + pair.weight * value(pair), 0) / total;
  const [chosen, rejected] = [mean((pair) => pair.chosenRatio), mean((pair) => pair.rejectedRatio)];
  return {
    accuracy: mean(({ chosenRatio, noise, rejectedRatio }) => (chosenRatio - rejectedRatio > noise ? 1 : 0)),
    'rewards/chosen': beta * chosen,
    'rewards/rejected': beta * rejected,
    'rewards/margins': beta * (chosen - rejected),
    'logps/chosen': mean((pair) => pair.chosen),
    'logps/rejected': mean((pair) => pair.rejected),
    bothFall: mean(({ chosenRatio, noise, rejectedRatio }) => (chosenRatio < -noise && rejectedRatio < -noise ? 1 : 0)),
  };
}

/** Throws INVARIANT where the first batch of a policy that is its reference has a margin. */
function checkFirst(figures: readonly PairFigures[], loss: number): void {
  const worst = figures.find(({ chosenRatio, noise, rejectedRatio }) => !(Math.abs(chosenRatio - rejectedRatio) <= 100 * noise));
  if (worst === undefined) return;
  throw new AppError('INVARIANT', `The policy starts as its reference, but the first loss is ${loss}: a margin is not 0.`, {
    details: { check: 'first-loss-is-ln-2', loss, margin: worst.chosenRatio - worst.rejectedRatio },
    remedy: 'Look whether policy and reference are the same folder, and whether an adapter was trained before.',
  });
}

const prefixed = (figures: Record<string, number>) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name.includes('/') ? name : `train/${name}`, value]));

/**
 * Direct preference optimisation (Rafailov et al. 2305.18290) of `policy` in place, full or by its adapter: the loss of a batch is the weighted mean of
 * its pairs' losses. The reference is asked once, before the first update; prompts are computed once for both answers. Yields rows of
 * phase `reference done/prompts` without metrics while that lasts, then one row an update.
 *
 * `startsAtReference`: policy and reference are the same function at step 0, which is then checked (`first-loss-is-ln-2`).
 * Throws BAD_INPUT as `placePairs` does and where TRAIN has no pair, INVARIANT naming the check, CANCELLED on abort. `state` resumes bit for bit.
 */
export async function* trainDpo(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: Reference;
  readonly startsAtReference?: boolean;
  readonly tokenizer: Tokenizer;
  readonly data: readonly PreferencePair[];
  readonly config: DpoConfig;
  /** Tokens that end an answer of the sample table; by default those of the policy. */
  readonly stopIds?: readonly number[];
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}): AsyncGenerator<StepMetrics, DirectResult> {
  const { config, engine, policy, reference, signal, tokenizer } = options;
  const table = new AnswerTable(policy.config);
  const placed = placePairs(table, options.data);
  const of = (split: PreferencePair['split']) => placed.filter(({ pair }) => pair.split === split);
  const train = of('TRAIN');
  if (train.length === 0) {
    throw new AppError('BAD_INPUT', 'There is no pair in the training split; there is nothing to learn from.', {
      remedy: 'Collect comparisons of training prompts first.',
    });
  }
  const items = config.batchBy === 'prompt' ? groupsByPrompt(train) : train.map((pair) => [pair]);
  const perRow = table.perRow();
  const logProbs = new TargetLogProbs(policy.trunk);

  const weightOf = (pairs: readonly PlacedPair[]) => pairs.reduce((sum, { pair }) => sum + pair.weight, 0);
  const lay = (pairs: readonly PlacedPair[], sums: ReferenceSums, total: number) => {
    const laid = table.lay(
      pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
      perRow,
    );
    return { laid, flat: flatten(pairs, laid, sums, total) };
  };

  const updateWith =
    (sums: ReferenceSums): DirectUpdate<PlacedPair[]> =>
    (batch, updater, at) => {
      const total = weightOf(batch.flat());
      const parts = chunk(batch, config.microbatchSize ?? batch.length).map((part) => lay(part.flat(), sums, total));
      for (const { laid } of parts) logProbs.check(laid.rows);
      const figures: PairFigures[] = [];
      const report = updater.step(
        parts.map(({ flat, laid }) => () => {
          const answers = answerSums(engine, logProbs.of(laid.rows), laid.lengths, laid.rows.time);
          return { loss: dpoLossTensor(engine, answers, flat, config), aux: { answers: engine.stopGradient(answers) } };
        }),
        {
          ...at,
          accept: (aux, loss) => {
            parts.forEach(({ flat }, index) => {
              figures.push(...figuresOf(flat, aux[index]?.answers as Float32Array, config.ipoAverage));
            });
            if (options.startsAtReference && at.step === 1) checkFirst(figures, loss);
            return true;
          },
        },
      );
      return { report, metrics: prefixed(reportPairs(figures, config.beta)) };
    };

  const measureWith = (sums: ReferenceSums) => async (split: 'VALIDATION' | 'TEST') => {
    const pairs = of(split);
    if (pairs.length === 0) return null;
    const figures: PairFigures[] = [];
    for (const part of chunk(pairs, Math.max(1, Math.floor(config.scoreBatchSize / 2)))) {
      await breathe(signal);
      const { flat, laid } = lay(part, sums, weightOf(pairs));
      const values = sumByAnswer(logProbs.read(laid.rows, { recorded: true }), laid.lengths);
      figures.push(...figuresOf(flat, values, config.ipoAverage));
    }
    const loss = figures.reduce((sum, { h, weight }) => sum + weight * directPairLoss(h, config), 0);
    return { loss, ...reportPairs(figures, config.beta) };
  };

  const shown = placed.some(({ pair }) => pair.split === 'VALIDATION') ? 'VALIDATION' : 'TRAIN';
  const prompts = table.prompts.filter(({ split }) => split === shown).slice(0, config.samplePrompts);
  const stopIds = options.stopIds ?? policy.config.stopTokenIds;
  try {
    const computing = referenceSums({ table, reference, temperature: 1, batchSize: config.scoreBatchSize, signal });
    let next = await computing.next();
    const [step, totalSteps] = [options.state?.step ?? 0, Math.ceil(items.length / config.batchSize) * config.epochs];
    for (; !next.done; next = await computing.next()) {
      yield { step, totalSteps, phase: `reference ${next.value.done}/${next.value.of}`, metrics: {} };
    }
    return yield* trainDirectly({
      kind: 'dpo',
      engine,
      policy,
      config,
      items,
      update: updateWith(next.value),
      measure: measureWith(next.value),
      samples: () => sampleTable({ engine, policy, logProbs, reference, prompts, tokenizer, stopIds, config, signal }),
      signal,
      ...(options.state ? { state: options.state } : {}),
    });
  } finally {
    logProbs.dispose();
  }
}
