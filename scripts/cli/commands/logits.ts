import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { folderRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';
import { safetensorsParts, type TensorData } from '#lib/formats/safetensors';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import { type ModelWeights, readModelWeights, readTokenizer } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { openEngine } from '../engine-process';
import { action, type CliContext, text } from '../frame';
import { readInput } from '../read-input';
import { facts, formatBytes } from '../terminal';
import { writeOutput } from '../write-output';

const rowsInput = z.object({ ids: z.array(z.array(z.number().int().nonnegative())).min(1) });
const textsInput = z.object({ texts: z.array(z.string()).min(1) });

/** Computed values of one row: `[length, width]`. */
interface RowOutput {
  readonly ids: readonly number[];
  readonly values: Float32Array;
}

export function registerLogits(program: Command, context: CliContext): void {
  program
    .command('logits')
    .description('what a model computes from tokens: logits of every position, or the scores of a reward or value model; needs no database')
    .requiredOption('--model <dir>', 'Hugging Face folder')
    .requiredOption('--input <file>', 'JSON: {"ids": [[1, 2], [1]]} or {"texts": ["..."]}')
    .requiredOption('--out <file>', 'file to write: .json or .safetensors')
    .addHelpText(
      'after',
      `
.json holds "ids" and "logits" (rows, positions, vocabulary). .safetensors holds ids [rows, time] and logits [rows, time, vocabulary],
padded on the right with zeros, and lengths [rows]. Models with a scalar head give "scores" (rows, positions) instead of logits.

Example:
  plumbline logits --model stories260k --input rows.json --out logits.safetensors`,
    )
    .action(
      action(
        context,
        async (given) => {
          const engine = await openEngine(context.terminal.line);
          const folder = path.resolve(text(given, 'model'));
          const input = path.resolve(text(given, 'input'));
          const out = path.resolve(text(given, 'out'));
          const suffix = path.extname(out);
          if (suffix !== '.json' && suffix !== '.safetensors') {
            throw new AppError('BAD_INPUT', `--out has to end with .json or .safetensors, not "${suffix}".`, {
              details: { option: 'out' },
            });
          }
          const ranges = await folderRanges(folder);
          const files = await readModelWeights(ranges, folder);
          const rows = await readRows(input, async () => {
            const { tokenizer } = await readTokenizer(ranges, files.config, folder);
            return (each: string) => tokenizer.encode(each, { surroundings: true });
          });
          checkRows(rows, files.config, input);
          const name = files.kind === 'POLICY' ? 'logits' : 'scores';
          const outputs = await compute(engine, files, rows, context);
          const width = files.kind === 'POLICY' ? files.config.vocabSize : 1;
          const size = await writeOutput(out, suffix === '.json' ? jsonParts(name, outputs, width) : tensorParts(name, outputs, width));
          const tokens = rows.reduce((sum, row) => sum + row.length, 0);
          return {
            json: { out, rows: rows.length, tokens, [name === 'logits' ? 'vocabulary' : 'width']: width, size },
            text: facts([
              ['file', `${out} (${formatBytes(size)})`],
              ['holds', `${name} of ${tokens} tokens in ${rows.length} rows`],
            ]),
          };
        },
        { endsItself: true },
      ),
    );
}

/** @throws AppError BAD_INPUT naming the file and what is wrong with it */
async function readRows(file: string, encoder: () => Promise<(text: string) => number[]>): Promise<readonly (readonly number[])[]> {
  const bad = (message: string) => new AppError('BAD_INPUT', `${file}: ${message}.`, { details: { file } });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await readInput(file, 'Give --input a JSON file.')));
  } catch (error) {
    throw error instanceof AppError ? error : bad('the file is not JSON');
  }
  const ids = rowsInput.safeParse(json);
  if (ids.success) return ids.data.ids;
  const texts = textsInput.safeParse(json);
  if (!texts.success) throw bad('it needs "ids", a list of lists of token ids, or "texts", a list of texts');
  return texts.data.texts.map(await encoder());
}

function checkRows(rows: readonly (readonly number[])[], config: ModelWeights['config'], file: string): void {
  for (const [index, row] of rows.entries()) {
    const bad = (message: string) =>
      new AppError('BAD_INPUT', `${file}, row ${index + 1}: ${message}.`, { details: { file, row: index + 1 } });
    if (row.length === 0) throw bad('the prompt is empty');
    if (row.length > config.contextLength)
      throw bad(`the prompt has ${row.length} tokens, but the model reads at most ${config.contextLength}`);
    const strange = row.find((id) => id >= config.vocabSize);
    if (strange !== undefined) throw bad(`token ${strange} is outside of the model's vocabulary of ${config.vocabSize}`);
  }
}

async function compute(
  engine: Engine,
  files: ModelWeights,
  rows: readonly (readonly number[])[],
  context: CliContext,
): Promise<RowOutput[]> {
  const run = forward(engine, files);
  const outputs: RowOutput[] = [];
  for (const ids of rows) {
    const tensor = run(Int32Array.from(ids));
    const values = Float32Array.from(engine.read(tensor));
    engine.dispose(tensor);
    const broken = values.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) {
      throw new AppError('INVARIANT', `The model gives ${values[broken]} for row ${outputs.length + 1}.`, {
        details: { check: 'finite-logits' },
        remedy: 'The weights are too large for float32 or have diverged: go back to an earlier checkpoint.',
      });
    }
    outputs.push({ ids, values });
    context.terminal.progress(`${outputs.length} of ${rows.length} rows`);
    await breathe(context.signal);
  }
  context.terminal.endProgress();
  return outputs;
}

/** One row -> logits `[length, vocabSize]` or scores `[length]`. */
function forward(engine: Engine, files: ModelWeights): (tokens: Int32Array) => Tensor {
  const everywhere = (tokens: Int32Array) => tokens.map((_, position) => position);
  if (files.kind === 'POLICY') {
    const model = createLanguageModel(engine, files);
    return (tokens) => model.logits(tokens, 1, tokens.length, everywhere(tokens));
  }
  const model = createScalarModel(engine, files, { headSeed: 0 });
  return (tokens) => model.scores(tokens, 1, tokens.length, everywhere(tokens));
}

function* jsonParts(name: string, outputs: readonly RowOutput[], width: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`{"ids":${JSON.stringify(outputs.map(({ ids }) => ids))},"${name}":[`);
  for (const [row, { ids, values }] of outputs.entries()) {
    const at = (position: number) => Array.from(values.subarray(position * width, (position + 1) * width));
    const positions = name === 'scores' ? Array.from(values) : ids.map((_, position) => at(position));
    yield encoder.encode(`${row > 0 ? ',' : ''}${JSON.stringify(positions)}`);
  }
  yield encoder.encode(']}\n');
}

function tensorParts(name: string, outputs: readonly RowOutput[], width: number): Generator<Uint8Array> {
  const time = Math.max(...outputs.map(({ ids }) => ids.length));
  const rows = outputs.length;
  const padded = <T extends Float32Array | Int32Array>(out: T, of: (output: RowOutput) => ArrayLike<number>, step: number): T => {
    for (const [row, output] of outputs.entries()) out.set(of(output), row * step);
    return out;
  };
  const tensor = (dtype: 'F32' | 'I32', shape: number[], data: () => TensorData['data']) => ({ dtype, shape, data });
  const values = () => padded(new Float32Array(rows * time * width), (output) => output.values, time * width);
  return safetensorsParts(
    new Map([
      ['ids', tensor('I32', [rows, time], () => padded(new Int32Array(rows * time), (output) => output.ids, time))],
      ['lengths', tensor('I32', [rows], () => Int32Array.from(outputs, ({ ids }) => ids.length))],
      [name, tensor('F32', name === 'scores' ? [rows, time] : [rows, time, width], values)],
    ]),
  ).parts();
}
