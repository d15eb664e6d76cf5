import type { ModelConfig } from '#lib/ml/models/model-config';
import { packTexts } from '#lib/ml/training/packing';
import type { PromptWithAnswers } from '#lib/ml/training/shared-prompt';
import { type BranchedText, layRows, lengthOf, type TokenRows } from '#lib/ml/training/token-rows';

/** Rows for one pass, and the flat position at which each answer's score is read: prompt by prompt, answer by answer. */
export interface AnswerRows {
  readonly rows: TokenRows;
  readonly positions: Int32Array;
}

/** A prompt with some of its answers as they stand in a row, and which answers these are. */
interface Unit {
  readonly text: BranchedText;
  readonly answers: readonly number[];
}

interface Layout {
  readonly units: readonly Unit[];
  /** Numbers of units by row. */
  readonly rows: readonly (readonly number[])[];
  readonly time: number;
  readonly cost: number;
}

/** Rows of few lengths, so that recorded work meets few shapes: in steps of 16, or of an eighth. */
function timeBucket(time: number): number {
  const unit = Math.max(16, 2 ** (Math.floor(Math.log2(time)) - 3));
  return Math.ceil(time / unit) * unit;
}

/** What is packed fills its rows whatever their length: very few lengths, 2^n and 1.5 2^n. */
function packedLength(time: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(time, 16)));
  return time <= 0.75 * power ? 0.75 * power : power;
}

/** At most `most` answers of a prompt share it; one by itself is a plain text. */
function unitsOf(prompts: readonly PromptWithAnswers[], most: number): Unit[] {
  let at = 0;
  return prompts.flatMap(({ answers, prompt }) => {
    const start = at;
    at += answers.length;
    const parts = Math.ceil(answers.length / most);
    const size = Math.ceil(answers.length / parts);
    return Array.from({ length: Math.ceil(answers.length / size) }, (_, part): Unit => {
      const own = answers.slice(part * size, (part + 1) * size);
      const numbers = own.map((_, index) => start + part * size + index);
      if (own.length === 1) return { text: { prefix: { tokens: [...prompt, ...(own[0] ?? [])] } }, answers: numbers };
      return { text: { prefix: { tokens: prompt }, branches: own.map((tokens) => ({ tokens })) }, answers: numbers };
    });
  });
}

/** About how many operations a token of a row of `time` costs: linear layers, and attention with its softmax. */
function tokenCost({ heads, hiddenSize, intermediateSize, layers }: ModelConfig, time: number): number {
  return layers * (2 * (4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize) + time * (4 * hiddenSize + 20 * heads));
}

/** Batches of few sizes, so that recorded work meets few shapes. */
function rowBucket(count: number): number {
  const unit = Math.max(1, 2 ** (Math.floor(Math.log2(count)) - 2));
  return Math.ceil(count / unit) * unit;
}

/** Where masks are computed, a row has to be a tenth cheaper. */
const maskCost = 1.1;

function layouts(units: readonly Unit[], config: ModelConfig): Layout[] {
  const lengths = units.map(({ text }) => lengthOf(text));
  const longest = lengths.reduce((a, b) => Math.max(a, b), 1);
  const packedTime = packedLength(longest);
  const texts = units.map(({ text }) => text);
  const ways = [
    { rows: units.map((_, index) => [index]), time: timeBucket(longest), masked: units.some(({ text }) => text.branches !== undefined) },
    { rows: packTexts(texts, packedTime), time: packedTime, masked: true },
  ];
  return ways.map(({ masked, rows, time }) => {
    return { units, rows, time, cost: rowBucket(rows.length) * time * tokenCost(config, time) * (masked ? maskCost : 1) };
  });
}

/**
 * Every answer with its prompt, one pass a response: the prompt is computed once for as many of its answers as pays (long prompts with short answers: all
 * K; attention is quadratic in the row, so long answers to a short prompt stand alone), and short rows are packed. However it is laid out, every
 * answer sees its prompt and itself only, at positions that start with its prompt: rows may be longer than the model's context. Throws BAD_INPUT
 * as `layRows` does.
 */
export function answerRows(prompts: readonly PromptWithAnswers[], config: ModelConfig): AnswerRows {
  const most = prompts.reduce((all, { answers }) => Math.max(all, answers.length), 1);
  const sizes = [...new Set(Array.from({ length: most }, (_, parts) => Math.ceil(most / (parts + 1))))];
  const all = sizes.flatMap((size) => layouts(unitsOf(prompts, size), config));
  const { rows, time, units } = all.reduce((best, layout) => (layout.cost < best.cost ? layout : best));
  const padId = config.padTokenId ?? 0;
  const texts = rows.map((row) => row.map((unit) => (units[unit] as Unit).text));
  // rows of padding come last, and nothing is read of them
  while (texts.length < rowBucket(rows.length)) texts.push([{ prefix: { tokens: [padId] } }]);
  const laid = layRows(texts, { padId, contextLength: config.contextLength, time });
  const positions = new Int32Array(units.reduce((sum, { answers }) => sum + answers.length, 0));
  rows
    .flatMap((row) => row.flatMap((unit) => (units[unit] as Unit).answers))
    .forEach((answer, index) => {
      positions[answer] = laid.ends[index] as number;
    });
  return { rows: laid, positions };
}
