import { chunk, type TokenRow } from '#lib/ml/batches';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import type { ModelConfig } from '#lib/ml/models/model-config';
import type { PromptWithAnswers } from '#lib/ml/training/shared-prompt';
import { predictionBucket } from '#lib/ml/training/target-log-probs';
import { type BranchedText, layRows, type TokenRows } from '#lib/ml/training/token-rows';

/** Answers laid out for one forward pass. Predictions are the answers' tokens, answer by answer. */
export interface AnswerRows {
  readonly rows: TokenRows;
  /** Tokens of each answer, in the order of the prompts and their answers. */
  readonly lengths: readonly number[];
}

/**
 * How many answers of a prompt share a row. Sharing computes the prompt once, but attention grows with the square of the row: with P tokens of
 * prompt and answers of A, a row of n costs a layer about T (6 d + T) for T = P + n A (24 d^2 T for its matrices, 4 d T^2 for attention, over 4 d). The n of the
 * least cost for `count` answers; one number for a whole data set, so that recorded graphs meet few shapes.
 */
export function answersPerRow(sizes: { readonly prompt: number; readonly answer: number; readonly count: number; readonly width: number }) {
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let n = 1; n <= Math.max(1, sizes.count); n += 1) {
    const time = sizes.prompt + n * sizes.answer;
    const cost = (sizes.count / n) * time * (6 * sizes.width + time);
    if (cost < least) {
      best = n;
      least = cost;
    }
  }
  return best;
}

/** A row of one answer needs no branches: plain causal attention does. */
function rowText({ answers, prompt }: PromptWithAnswers): BranchedText {
  const silent = prompt.map(() => 0);
  const [only] = answers;
  if (answers.length === 1 && only !== undefined) {
    return { prefix: { tokens: [...prompt, ...only], weights: [...silent, ...only.map(() => 1)] } };
  }
  return { prefix: { tokens: prompt, weights: silent }, branches: answers.map((tokens) => ({ tokens })) };
}

/** Rows are rounded up in steps of an eighth at most, for the same reason as predictions. */
function rowBucket(count: number): number {
  const unit = Math.max(1, 2 ** (Math.floor(Math.log2(Math.max(1, count))) - 3));
  return Math.ceil(count / unit) * unit;
}

/** Lays out each prompt's answers, at most `perRow` a row. Answers are not empty. Throws BAD_INPUT as `layRows` does. */
export function layAnswers(groups: readonly PromptWithAnswers[], model: Pick<ModelConfig, 'padTokenId' | 'contextLength'>, perRow: number) {
  const texts: BranchedText[][] = [];
  for (const { answers, prompt } of groups) {
    for (let first = 0; first < answers.length; first += perRow) {
      texts.push([rowText({ prompt, answers: answers.slice(first, first + perRow) })]);
    }
  }
  // A row of one token predicts nothing: it only fills up.
  const filler = { prefix: { tokens: groups[0]?.prompt.slice(0, 1) ?? [] } };
  for (let row = texts.length; row < rowBucket(texts.length); row += 1) texts.push([filler]);
  const rows = layRows(texts, { padId: model.padTokenId ?? 0, contextLength: model.contextLength });
  const lengths = groups.flatMap(({ answers }) => answers.map((answer) => answer.length));
  return { rows, lengths } satisfies AnswerRows;
}

/** Sums of each answer's values, `[n]` -> one number an answer. */
export function sumByAnswer(values: ArrayLike<number>, lengths: readonly number[]): number[] {
  let at = 0;
  return lengths.map((length) => {
    let sum = 0;
    for (const end = at + length; at < end; at += 1) sum += values[at] as number;
    return sum;
  });
}

/**
 * The same on the device, with gradient: `[predictionBucket(n)]` -> `[predictionBucket(answers)]`; those after the last answer are 0. `longest`
 * is a bound on the lengths that few values are taken from, as the rows' time.
 */
export function answerSums(engine: Engine, values: Tensor, lengths: readonly number[], longest: number): Tensor {
  const count = predictionBucket(lengths.length);
  const places = new Int32Array(count * longest);
  const counted = new Float32Array(count * longest);
  let at = 0;
  lengths.forEach((length, answer) => {
    for (let t = 0; t < length; t += 1) {
      places[answer * longest + t] = at;
      counted[answer * longest + t] = 1;
      at += 1;
    }
  });
  return engine.tidy(() => {
    const column = engine.reshape(values, [values.shape[0] as number, 1]); // [n] -> [n, 1]
    const laid = engine.reshape(engine.gatherRows(column, engine.int(places, [places.length])), [count, longest]); // [count * longest, 1] -> [count, longest]
    return engine.sum(engine.mul(laid, engine.float(counted, [count, longest])), 1);
  });
}

/** `values` filled up with zeros to the number that `answerSums` answers with, on the device. */
export function paddedFloats(engine: Engine, values: ArrayLike<number>, count: number): Tensor {
  const all = new Float32Array(count);
  all.set(Float32Array.from(values));
  return engine.float(all, [count]);
}

/** Rows one after the other that have the same prompt become one prompt with several answers. */
export function groupByPrompt(rows: readonly TokenRow[]): PromptWithAnswers[] {
  const groups: { prompt: readonly number[]; answers: (readonly number[])[] }[] = [];
  for (const { prompt, response } of rows) {
    const last = groups.at(-1);
    if (last && (last.prompt === prompt || sameTokens(last.prompt, prompt))) last.answers.push(response);
    else groups.push({ prompt, answers: [response] });
  }
  return groups;
}

export function sameTokens(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}

/** `read` of all rows, a batch at a time, cut back: one array a row. Rows of one prompt stand one after the other to share it. */
export function readByRow(
  read: (rows: TokenRows) => Float32Array,
  all: readonly TokenRow[],
  options: { readonly model: Pick<ModelConfig, 'padTokenId' | 'contextLength'>; readonly perRow: number; readonly batchSize: number },
): Float64Array[] {
  return chunk(all, options.batchSize).flatMap((part) => {
    const { lengths, rows } = layAnswers(groupByPrompt(part), options.model, options.perRow);
    const values = read(rows);
    let at = 0;
    return lengths.map((length) => {
      at += length;
      return Float64Array.from(values.subarray(at - length, at));
    });
  });
}
