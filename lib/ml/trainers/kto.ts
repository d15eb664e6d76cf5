import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import { chunk } from '#lib/ml/batches';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { labelledAnswerLoss } from '#lib/ml/numerics-direct';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { LabelledAnswer } from '#lib/ml/training/examples';
import type { Reference } from '#lib/ml/training/reference';
import { predictionBucket, TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { type AnswerPlace, AnswerTable, type LaidAnswers, type ReferenceSums, referenceSums } from './direct-answers';
import { directConfigShape } from './direct-config';
import { type DirectResult, type DirectUpdate, trainDirectly } from './direct-loop';
import { answerSums, paddedFloats, sumByAnswer } from './direct-rows';
import { sampleTable } from './direct-samples';
import type { CheckpointData, StepMetrics } from './trainer';

export const ktoConfig = z.object({
  ...directConfigShape,
  /** KTO paper: 5e-6, two to ten times DPO's, since a single label says less than a pair. */
  learningRate: z.number().positive().default(5e-6),
  /**
   * lambda_D and lambda_U, what a desirable and an undesirable answer weigh: paper and TRL 1 and 1. Where n_D and n_U answers of the two kinds are far from
   * equal, the paper wants lambda_D n_D / (lambda_U n_U) within 1 .. 4/3.
   */
  desirableWeight: z.number().positive().default(1),
  undesirableWeight: z.number().positive().default(1),
});
export type KtoConfig = z.infer<typeof ktoConfig>;

/** Answers of a batch laid flat, with what is known before the update. */
interface FlatLabels {
  /** Numbers of the batch's answers: `[n]`. */
  readonly answers: Int32Array;
  readonly desirable: readonly boolean[];
  /** log ref, summed over the tokens: `[n]`. */
  readonly reference: readonly number[];
  /** lambda of the label times the example's weight over the batch's weights: `[n]`. */
  readonly weights: readonly number[];
}

/**
 * Loss of a batch or a part of one: sum over answers of w (1 - sigmoid(s beta (r - z0))), r = log pi - log ref of the answer and s = 1 for a desirable,
 * -1 for an undesirable one. `sums` `[answers]`: log pi of each answer, with gradient; z0 has none.
 */
export function ktoLossTensor(
  engine: Engine,
  sums: Tensor,
  labels: FlatLabels,
  { beta, z0 }: { readonly beta: number; readonly z0: number },
) {
  const count = predictionBucket(labels.weights.length);
  const numbers = new Int32Array(count);
  numbers.set(labels.answers);
  const column = engine.reshape(sums, [sums.shape[0] as number, 1]); // [answers] -> [answers, 1]
  const logProbs = engine.reshape(engine.gatherRows(column, engine.int(numbers, [count])), [count]); // [n, 1] -> [n]
  // 1 - sigmoid(x) = sigmoid(-x); z0 goes in as data, so that every value of it meets the same recorded graph
  const anchors = labels.reference.map((reference) => reference + z0);
  const signs = labels.desirable.map((desirable) => (desirable ? -beta : beta));
  const against = engine.mul(engine.sub(logProbs, paddedFloats(engine, anchors, count)), paddedFloats(engine, signs, count));
  return engine.sum(engine.mul(engine.sigmoid(against), paddedFloats(engine, labels.weights, count)));
}

interface PlacedAnswer {
  readonly label: LabelledAnswer;
  readonly place: AnswerPlace;
  /** The same prompt with an answer to another one: what z0 is measured on. */
  readonly mismatched: AnswerPlace;
}

/**
 * Gives every prompt an answer of another one. The reference point z0 is the policy's distance from the reference on answers that do not belong to their
 * prompts (KTO paper section 4.1: y' of x_i is y of x_(i + 1) in the same batch). Here the partner is fixed for the whole run: in one seeded circle
 * of a split's examples, the next one of another prompt that fits into the context. So the answers of z0 are as a whole those of the data, the partner is
 * never of the same prompt (in a batch it can be), batches of one work, and what the reference says of it is computed once.
 */
function placeAnswers(table: AnswerTable, all: readonly LabelledAnswer[], seed: number): PlacedAnswer[] {
  const places = new Map<LabelledAnswer, AnswerPlace>();
  for (const label of all) {
    const { answer, answerId, prompt, promptId, split, weight } = label;
    if (!(Number.isFinite(weight) && weight > 0)) {
      throw new AppError('BAD_INPUT', `Answer ${answerId}: its weight is ${weight}; it has to be above 0.`, {
        details: { check: 'positive-weight', answerId },
      });
    }
    places.set(label, table.add({ where: `Answer ${answerId}`, promptId, split, prompt, answer }));
  }
  const partners = new Map<LabelledAnswer, LabelledAnswer>();
  for (const split of ['TRAIN', 'VALIDATION', 'TEST'] as const) {
    const circle = createRandom(seed, 'kto', 'partners', split).shuffle(all.filter((label) => label.split === split));
    circle.forEach((label, index) => {
      partners.set(label, partnerOf(table, circle, label, index));
    });
  }
  return all.map((label) => {
    const { prompt, promptId, split } = label;
    const answer = (partners.get(label) as LabelledAnswer).answer;
    const mismatched = table.add({ where: `Answer ${label.answerId}`, promptId, split, prompt, answer });
    return { label, place: places.get(label) as AnswerPlace, mismatched };
  });
}

/** Throws BAD_INPUT where no answer of another prompt fits. */
function partnerOf(table: AnswerTable, circle: readonly LabelledAnswer[], label: LabelledAnswer, index: number): LabelledAnswer {
  for (let step = 1; step < circle.length; step += 1) {
    const other = circle[(index + step) % circle.length] as LabelledAnswer;
    if (other.promptId !== label.promptId && table.fits(label.prompt, other.answer)) return other;
  }
  throw new AppError(
    'BAD_INPUT',
    `KTO measures its reference point on prompts with answers of other prompts; for ${label.promptId} (${label.split}) there is none that fits.`,
    {
      details: { check: 'answers-of-other-prompts', promptId: label.promptId },
      remedy: 'Give answers to at least two prompts in each split, within the context.',
    },
  );
}

/** Throws BAD_INPUT where the training split has no example, or of one kind only. */
function checkLabels(train: readonly PlacedAnswer[]): void {
  const desirable = train.filter(({ label }) => label.desirable).length;
  if (desirable > 0 && desirable < train.length) return;
  const message =
    train.length === 0
      ? 'There is no labelled answer in the training split; there is nothing to learn from.'
      : `All ${train.length} answers of the training split are ${desirable > 0 ? 'desirable' : 'undesirable'}.`;
  throw new AppError('BAD_INPUT', message, {
    details: { check: 'both-labels' },
    remedy: 'KTO needs answers of both kinds; only good ones are for SFT.',
  });
}

interface AnswerFigures {
  readonly desirable: boolean;
  readonly weight: number;
  readonly logProb: number;
  /** log pi - log ref of the answer. */
  readonly ratio: number;
}

function figuresOf(part: readonly PlacedAnswer[], numbers: Int32Array, reference: ReferenceSums, sums: ArrayLike<number>): AnswerFigures[] {
  return part.map(({ label, place }, index) => {
    const logProb = sums[numbers[index] as number] as number;
    return { desirable: label.desirable, weight: label.weight, logProb, ratio: logProb - reference.of(place) };
  });
}

/** Means by weight over each kind, named as in docs/metrics.md; a kind that the batch lacks is left out. */
function reportAnswers(figures: readonly AnswerFigures[], beta: number): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const [name, desirable] of [['chosen', true] as const, ['rejected', false] as const]) {
    const some = figures.filter((answer) => answer.desirable === desirable);
    const weight = some.reduce((sum, answer) => sum + answer.weight, 0);
    if (some.length === 0) continue;
    metrics[`rewards/${name}`] = (beta * some.reduce((sum, answer) => sum + answer.weight * answer.ratio, 0)) / weight;
    metrics[`logps/${name}`] = some.reduce((sum, answer) => sum + answer.weight * answer.logProb, 0) / weight;
  }
  const { 'rewards/chosen': chosen, 'rewards/rejected': rejected } = metrics;
  return chosen === undefined || rejected === undefined ? metrics : { ...metrics, 'rewards/margins': chosen - rejected };
}

/** Throws INVARIANT where the first batch of a policy that is its reference has a log-ratio. */
function checkFirst(figures: readonly AnswerFigures[], z0: number): void {
  const worst = figures.find(({ logProb, ratio }) => !(Math.abs(ratio) <= 1e-3 + 2e-4 * Math.abs(logProb)));
  if (worst === undefined && z0 <= 1e-2) return;
  throw new AppError('INVARIANT', 'The policy starts as its reference, but their log-probabilities differ before the first update.', {
    details: { check: 'first-kl-is-zero', ratio: worst?.ratio ?? z0 },
    remedy: 'Look whether policy and reference are the same folder, and whether an adapter was trained before.',
  });
}

/**
 * Kahneman-Tversky optimisation (Ethayarajh et al. 2402.01306) of `policy` in place, full or by its adapter, on single answers that are good or bad. Data,
 * reference, rows that are yielded, errors and `startsAtReference` (check `first-kl-is-zero`) as in trainDpo.
 */
export async function* trainKto(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: Reference;
  readonly startsAtReference?: boolean;
  readonly tokenizer: Tokenizer;
  readonly data: readonly LabelledAnswer[];
  readonly config: KtoConfig;
  /** Tokens that end an answer of the sample table; by default those of the policy. */
  readonly stopIds?: readonly number[];
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}): AsyncGenerator<StepMetrics, DirectResult> {
  const { config, engine, policy, reference, signal, tokenizer } = options;
  const table = new AnswerTable(policy.config);
  const placed = placeAnswers(table, options.data, config.seed);
  const of = (split: LabelledAnswer['split']) => placed.filter(({ label }) => label.split === split);
  const train = of('TRAIN');
  checkLabels(train);
  const perRow = table.perRow();
  const logProbs = new TargetLogProbs(policy.trunk);
  const { beta, desirableWeight, undesirableWeight } = config;

  const read = (laid: LaidAnswers) => sumByAnswer(logProbs.read(laid.rows, { recorded: true }), laid.lengths);
  const lambda = ({ label }: PlacedAnswer) => (label.desirable ? desirableWeight : undesirableWeight);
  const weightOf = (answers: readonly PlacedAnswer[]) => answers.reduce((sum, { label }) => sum + label.weight, 0);
  const lay = (part: readonly PlacedAnswer[]) => {
    const laid = table.lay(
      part.map(({ place }) => place),
      perRow,
    );
    return { part, laid, numbers: Int32Array.from(part, ({ place }) => laid.numberOf(place)) };
  };

  /** z0 = max(0, mean of log pi - log ref over the mismatched answers of the whole batch): no gradient, and the same however the batch is cut. */
  const referencePoint = (batch: readonly PlacedAnswer[], sums: ReferenceSums, size: number): number => {
    let total = 0;
    for (const part of chunk(batch, size)) {
      const laid = table.lay(
        part.map(({ mismatched }) => mismatched),
        perRow,
      );
      const values = read(laid);
      for (const { mismatched } of part) total += (values[laid.numberOf(mismatched)] as number) - sums.of(mismatched);
    }
    return Math.max(0, total / batch.length);
  };

  const updateWith =
    (sums: ReferenceSums): DirectUpdate<PlacedAnswer> =>
    (batch, updater, at) => {
      const size = config.microbatchSize ?? batch.length;
      const parts = chunk(batch, size).map(lay);
      for (const { laid } of parts) logProbs.check(laid.rows);
      const z0 = referencePoint(batch, sums, size);
      const total = weightOf(batch);
      const figures: AnswerFigures[] = [];
      const report = updater.step(
        parts.map(({ laid, numbers, part }) => () => {
          const answers = answerSums(engine, logProbs.of(laid.rows), laid.lengths, laid.rows.time);
          const labels: FlatLabels = {
            answers: numbers,
            desirable: part.map(({ label }) => label.desirable),
            reference: part.map(({ place }) => sums.of(place)),
            weights: part.map((answer) => (lambda(answer) * answer.label.weight) / total),
          };
          return { loss: ktoLossTensor(engine, answers, labels, { beta, z0 }), aux: { answers: engine.stopGradient(answers) } };
        }),
        {
          ...at,
          accept: (aux) => {
            parts.forEach(({ numbers, part }, index) => {
              figures.push(...figuresOf(part, numbers, sums, aux[index]?.answers as Float32Array));
            });
            if (options.startsAtReference && at.step === 1) checkFirst(figures, z0);
            return true;
          },
        },
      );
      return { report, metrics: { 'train/referencePoint': z0, ...reportAnswers(figures, beta) } };
    };

  /** z0 of a split is that of all its answers together. */
  const measureWith = (sums: ReferenceSums) => async (split: 'VALIDATION' | 'TEST') => {
    const answers = of(split);
    if (answers.length === 0) return null;
    const figures: AnswerFigures[] = [];
    for (const part of chunk(answers, config.scoreBatchSize)) {
      await breathe(signal);
      const { laid, numbers } = lay(part);
      figures.push(...figuresOf(part, numbers, sums, read(laid)));
    }
    const z0 = referencePoint(answers, sums, config.scoreBatchSize);
    const losses = figures.map(({ desirable, ratio, weight }, index) =>
      labelledAnswerLoss(ratio, { desirable, z0, beta, weight: weight * lambda(answers[index] as PlacedAnswer) }),
    );
    const loss = losses.reduce((sum, value) => sum + value, 0) / weightOf(answers);
    return { loss, referencePoint: z0, ...reportAnswers(figures, beta) };
  };

  const shown = placed.some(({ label }) => label.split === 'VALIDATION') ? 'VALIDATION' : 'TRAIN';
  const prompts = table.prompts.filter(({ split }) => split === shown).slice(0, config.samplePrompts);
  const stopIds = options.stopIds ?? policy.config.stopTokenIds;
  try {
    const computing = referenceSums({ table, reference, temperature: 1, batchSize: config.scoreBatchSize, signal });
    let next = await computing.next();
    const [step, totalSteps] = [options.state?.step ?? 0, Math.ceil(train.length / config.batchSize) * config.epochs];
    for (; !next.done; next = await computing.next()) {
      yield { step, totalSteps, phase: `reference ${next.value.done}/${next.value.of}`, metrics: {} };
    }
    return yield* trainDirectly({
      kind: 'kto',
      engine,
      policy,
      config,
      items: train,
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
