/**
 * `tsx scripts/reference/compare-training.ts [--write] [--threads T]`
 *
 * The losses of TRL's SFT, reward and DPO trainers and of ours over 20 updates, on the same checkpoint, data and order: first on a small
 * model with random weights and made-up data (`--write` stores TRL's side in test/fixtures/training/trl-curves.json), then, where
 * PLUMBLINE_TEST_DATA names a folder, on its stories260k and ukpconvarg1. The last line is the largest difference of each trainer.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { AppError } from '#lib/errors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { newModel } from '#lib/ml/models/new-model';
import { serializeModel } from '#lib/ml/models/serialize-model';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { environmentPython, trlEnvironment } from '../bench/python-environment';
import { table } from '../cli/terminal';
import { inOurOrder, ourCurve } from './our-training-curves';
import {
  type ComparedPair,
  type ComparedSettings,
  type ComparedTrainer,
  comparedSettings,
  comparedTrainers,
  syntheticConfig,
  syntheticPairs,
  syntheticSeed,
  syntheticTokenizerJson,
} from './training-cases';

// The native library reads it when it is loaded.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
const fixture = path.resolve(import.meta.dirname, '../../test/fixtures/training/trl-curves.json');
const printed = z.object({ losses: z.array(z.number()), gradientNorms: z.array(z.number()) });

function writeModel(folder: string, model: Parameters<typeof serializeModel>[0]): void {
  mkdirSync(folder, { recursive: true });
  for (const file of serializeModel(model)) writeFileSync(path.join(folder, file.name), Buffer.concat([...file.parts()]));
}

/** The model as TRL loads it: for a reward model with our head on it. */
function exportFor(trainer: ComparedTrainer, engine: Engine, files: ModelFiles, folder: string): void {
  if (trainer !== 'reward') {
    writeModel(folder, files);
    return;
  }
  const model = createScalarModel(engine, files, { headSeed: comparedSettings.headSeed });
  writeModel(folder, { ...files, kind: 'REWARD', weights: new Map(Object.entries(model.exportWeights())) });
  model.dispose();
}

/** TRL puts the end token behind every answer itself. */
function rowOf(trainer: ComparedTrainer, { chosenText, promptText, rejectedText }: ComparedPair) {
  return trainer === 'sft'
    ? { prompt: promptText, completion: chosenText }
    : { prompt: promptText, chosen: chosenText, rejected: rejectedText };
}

function idsOf(trainer: ComparedTrainer, { chosen, prompt, rejected }: ComparedPair): number[][] {
  const answers = trainer === 'sft' ? [chosen] : [chosen, rejected];
  return answers.map((answer) => [...prompt, ...answer]);
}

interface World {
  readonly name: string;
  readonly files: ModelFiles;
  readonly pairs: readonly ComparedPair[];
  readonly settings: ComparedSettings;
}

interface Tools {
  readonly engine: Engine;
  readonly python: string;
  readonly work: string;
  readonly threads: number;
}

async function theirCurve(trainer: ComparedTrainer, { files, pairs, settings }: World, tools: Tools): Promise<z.infer<typeof printed>> {
  const model = path.join(tools.work, trainer);
  exportFor(trainer, tools.engine, files, model);
  const ordered = inOurOrder(trainer, pairs, settings);
  const job = {
    trainer,
    model,
    threads: tools.threads,
    settings: { ...settings, learningRate: settings.learningRate[trainer] },
    rows: ordered.map((pair) => rowOf(trainer, pair)),
    ids: ordered.map((pair) => idsOf(trainer, pair)),
  };
  const jobFile = path.join(tools.work, `${trainer}.json`);
  writeFileSync(jobFile, JSON.stringify(job));
  const script = path.resolve(import.meta.dirname, 'compare_training.py');
  const { stdout } = await promisify(execFile)(tools.python, [script, jobFile], { maxBuffer: 64 << 20 });
  return printed.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

function syntheticWorld(): World {
  return {
    name: 'random weights, made-up data',
    files: { ...newModel(syntheticConfig, syntheticSeed), tokenizerJson: syntheticTokenizerJson() },
    pairs: syntheticPairs(comparedSettings),
    settings: comparedSettings,
  };
}

const judged = z.object({ title: z.string(), a1: z.string(), a2: z.string(), gold: z.string().nullable() });

/** A real model and what people preferred. A prompt ends with a line end, so that no token lies across the seam. */
function realWorld(folder: string): World {
  const read = (name: string) => readFileSync(path.join(folder, name));
  const files = convertLlama2c({
    weights: read('stories260k/stories260K.bin'),
    tokenizer: read('stories260k/tok512.bin'),
    weightsSource: 'stories260K.bin',
    tokenizerSource: 'tok512.bin',
  });
  const tokenizer = loadTokenizer(files.tokenizerJson, 'tokenizer.json', files.config);
  const { batchSize, maxLength, steps } = comparedSettings;
  const pairs: ComparedPair[] = [];
  for (const line of gunzipSync(read('ukpconvarg1/pairs.jsonl.gz')).toString('utf8').split('\n')) {
    if (line === '' || pairs.length === steps * batchSize) continue;
    const { a1, a2, gold, title } = judged.parse(JSON.parse(line));
    if (gold !== 'a1' && gold !== 'a2') continue;
    const promptText = `${title}\n`;
    const prompt = tokenizer.encode(promptText, { bos: true });
    const answer = (text: string) => [...tokenizer.encode(promptText + text, { bos: true }).slice(prompt.length), tokenizer.eosId];
    const [chosenText, rejectedText] = gold === 'a1' ? [a1, a2] : [a2, a1];
    const [chosen, rejected] = [answer(chosenText), answer(rejectedText)];
    if (prompt.length + Math.max(chosen.length, rejected.length) > maxLength) continue;
    pairs.push({ promptText, chosenText, rejectedText, prompt, chosen, rejected });
  }
  if (pairs.length < steps * batchSize) {
    throw new AppError('BAD_INPUT', `Only ${pairs.length} judged pairs have at most ${maxLength} tokens.`);
  }
  return { name: 'stories260k, ukpconvarg1', files, pairs, settings: comparedSettings };
}

/** Prints a table of every update; returns TRL's losses and the largest difference by trainer. */
async function compare(world: World, tools: Tools): Promise<Record<ComparedTrainer, { losses: number[]; largest: number }>> {
  const found: Partial<Record<ComparedTrainer, { losses: number[]; largest: number }>> = {};
  for (const trainer of comparedTrainers) {
    const { losses } = await theirCurve(trainer, world, tools);
    const ours = await ourCurve(trainer, { engine: tools.engine, ...world });
    if (ours.length !== losses.length) throw new AppError('INTERNAL', `We made ${ours.length} updates, TRL ${losses.length}.`);
    const differences = losses.map((loss, index) => Math.abs(loss - (ours[index] ?? Number.NaN)));
    const rows = differences.map((difference, index) => [
      String(index + 1),
      losses[index]?.toFixed(7) ?? '',
      ours[index]?.toFixed(7) ?? '',
      difference.toExponential(1),
    ]);
    console.log(`${trainer}: ${world.name}`);
    console.log(table(['step', 'TRL', 'ours', 'difference'], rows));
    found[trainer] = { losses, largest: Math.max(...differences) };
  }
  return found as Record<ComparedTrainer, { losses: number[]; largest: number }>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false }, threads: { type: 'string', default: '1' } } });
  const threads = Number(values.threads);
  const work = mkdtempSync(path.join(tmpdir(), 'plumbline-compare-'));
  process.once('exit', () => rmSync(work, { recursive: true, force: true }));
  const engine = await createEngine({ backend: 'native', threads });
  const python = await environmentPython(trlEnvironment, (line) => console.error(line));
  const tools: Tools = { engine, python, work, threads };
  const synthetic = await compare(syntheticWorld(), tools);
  if (values.write) {
    const losses = Object.fromEntries(comparedTrainers.map((trainer) => [trainer, synthetic[trainer].losses]));
    mkdirSync(path.dirname(fixture), { recursive: true });
    writeFileSync(fixture, `${JSON.stringify({ ...trlEnvironment.versions, ...losses }, null, 2)}\n`);
    console.error(`wrote ${path.relative(process.cwd(), fixture)}`);
  }
  const data = process.env.PLUMBLINE_TEST_DATA;
  const real = data === undefined ? undefined : await compare(realWorld(data), tools);
  const largest = comparedTrainers.map((trainer) => [trainer, Math.max(synthetic[trainer].largest, real?.[trainer].largest ?? 0)]);
  console.log(JSON.stringify(Object.fromEntries(largest)));
}

await main();
