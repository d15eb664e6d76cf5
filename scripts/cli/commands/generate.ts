import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Command } from 'commander';
import { folderRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { GenerationProgress } from '#lib/ml/generation/generate';
import { checkFilters, type SamplingFilters } from '#lib/ml/generation/sampling-filters';
import { readModel } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel, type ScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { parseTokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';
import { openEngine } from '../engine-process';
import { action, type CliContext, type Given, optionalText, optionalWhole, text, whole } from '../frame';
import { answerLines } from '../generate/answer-lines';
import { PartFile, type RunSettings } from '../generate/part-file';
import { readPrompts } from '../generate/read-prompts';
import { readInput } from '../read-input';
import { facts, formatDuration, plain, type Terminal } from '../terminal';

const details = `
Prompts: {"prompt": "..."} or {"messages": [{"role", "content"}]} a line, with an "id" where there is one. Conversations are written by the
chat template of the model's folder; --chat makes texts what a user says. Answers: {"id", "prompt", "sample", "text", "tokens", "logProb",
"finishReason"} a line, in the order of the prompts. "logProb" is that of the whole answer at the temperature, before any filter;
"finishReason" is eos, stop or length. --temperature 0 takes the most probable token. The same --seed gives the same answers.

Answers are appended to OUT.part as they come, which is renamed when all are there: what is finished is never lost. After Ctrl-C or a crash
the same call with --resume goes on.

Example:
  plumbline generate --model stories260k --prompts prompts.jsonl --samples 4 --max-new-tokens 200 --out answers.jsonl`;

export function registerGenerate(program: Command, context: CliContext): void {
  program
    .command('generate')
    .description('let a model answer prompts; needs no database')
    .requiredOption('--model <dir>', 'Hugging Face folder of a language model')
    .requiredOption('--prompts <file>', 'JSON Lines')
    .option('--out <file>', 'JSON Lines to make; needed but with --stream')
    .option('--samples <n>', 'answers a prompt', '1')
    .option('--max-new-tokens <n>', 'longest answer', '256')
    .option('--temperature <t>', 'spread of the choice; 0: none', '1')
    .option('--seed <n>', 'what the noise is made of', '0')
    .option('--top-k <n>', 'choose among the n most probable tokens', '0')
    .option('--top-p <p>', 'choose among the fewest tokens that have this probability together', '1')
    .option('--min-p <p>', 'choose among tokens at least this times as probable as the best one', '0')
    .option('--repetition-penalty <p>', 'above 1: tokens that were there become less probable', '1')
    .option('--stop <text...>', 'texts that end an answer; they are no part of it')
    .option('--beams <n>', 'search with n beams instead of sampling; gives the best --samples of them')
    .option('--length-penalty <p>', 'of beam search: above 0 favours long answers', '1')
    .option('--best-of <n>', 'sample n answers a prompt and keep the one that --reward likes best')
    .option('--reward <dir>', 'Hugging Face folder of a reward model for --best-of')
    .option('--chat', 'texts are what a user says')
    .option('--batch <n>', 'answers made together; fewer where memory is short', '64')
    .option('--stream', 'one answer at a time, shown while it is written')
    .option('--resume', 'go on with a run that was cut off')
    .option('--force', 'replace what is at --out')
    .addHelpText('after', details)
    .action(action(context, (given) => run(context, given), { endsItself: true }));
}

/** @throws AppError BAD_INPUT naming the option */
function decimal(given: Given, name: string, flag: string): number {
  const written = text(given, name);
  const value = Number(written);
  if (written.trim() !== '' && Number.isFinite(value)) return value;
  throw new AppError('BAD_INPUT', `--${flag} takes a number, not "${written}".`, { details: { option: name } });
}

interface Wanted {
  readonly samples: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly filters: SamplingFilters;
  readonly stop: readonly string[];
  readonly beams: number | undefined;
  readonly lengthPenalty: number;
  readonly bestOf: number | undefined;
  readonly reward: string | undefined;
  readonly chat: boolean;
  readonly batch: number;
  readonly stream: boolean;
}

function readOptions(given: Given): Wanted {
  const { options } = given;
  const refuse = (message: string) => new AppError('BAD_INPUT', message);
  const reward = optionalText(given, 'reward');
  const stream = options.stream === true;
  const wanted: Wanted = {
    samples: whole(given, 'samples', 1),
    maxNewTokens: whole(given, 'maxNewTokens', 1),
    temperature: decimal(given, 'temperature', 'temperature'),
    seed: whole(given, 'seed', 0),
    filters: {
      topK: whole(given, 'topK', 0),
      topP: decimal(given, 'topP', 'top-p'),
      minP: decimal(given, 'minP', 'min-p'),
      repetitionPenalty: decimal(given, 'repetitionPenalty', 'repetition-penalty'),
    },
    stop: Array.isArray(options.stop) ? options.stop.map(String) : [],
    beams: optionalWhole(given, 'beams', 1),
    lengthPenalty: decimal(given, 'lengthPenalty', 'length-penalty'),
    bestOf: optionalWhole(given, 'bestOf', 1),
    reward: reward === undefined ? undefined : path.resolve(reward),
    chat: options.chat === true,
    batch: stream ? 1 : whole(given, 'batch', 1),
    stream,
  };
  if (wanted.temperature < 0) throw refuse(`--temperature is ${wanted.temperature}; it has to be 0 or more.`);
  checkFilters(wanted.filters);
  if ((wanted.bestOf === undefined) !== (reward === undefined)) throw refuse('--best-of and --reward go together.');
  if (wanted.beams !== undefined && wanted.bestOf !== undefined) throw refuse('--beams and --best-of exclude each other.');
  if (wanted.beams !== undefined && (stream || wanted.stop.length > 0)) throw refuse('--beams goes neither with --stream nor with --stop.');
  if (wanted.bestOf !== undefined && (stream || wanted.samples > 1))
    throw refuse('--best-of goes neither with --stream nor with --samples.');
  if (!stream && options.out === undefined) throw refuse('The option --out is missing.');
  return wanted;
}

/** The model with its tokenizer; the weights that were read are given back to memory when this returns. */
async function openModel(engine: Engine, folder: string) {
  const files = await readModel(await folderRanges(folder), folder);
  const { chatTemplateJinja, config, tokenizerConfigJson, tokenizerJson } = files;
  const hasConfig = tokenizerConfigJson !== undefined || chatTemplateJinja !== undefined;
  return {
    config,
    tokenizerJson,
    tokenizer: loadTokenizer(tokenizerJson, `${folder}/tokenizer.json`, config),
    tokenizerConfig: hasConfig
      ? parseTokenizerConfig(tokenizerConfigJson ?? '{}', `${folder}/tokenizer_config.json`, chatTemplateJinja)
      : undefined,
    model: createLanguageModel(engine, files),
  };
}

async function openReward(engine: Engine, folder: string, tokenizerJson: string): Promise<ScalarModel> {
  const files = await readModel(await folderRanges(folder), folder);
  if (files.kind !== 'REWARD') throw new AppError('BAD_INPUT', `${folder} is no reward model.`, { details: { folder } });
  if (files.tokenizerJson !== tokenizerJson) {
    throw new AppError('BAD_INPUT', `${folder} has another tokenizer than the model whose answers it would judge.`, {
      details: { folder },
      remedy: 'Give a reward model that was trained from the same model.',
    });
  }
  return createScalarModel(engine, files, { headSeed: 0 });
}

/** What people read while it runs: answers, tokens a second, time left. */
function reporter(terminal: Terminal, before: number, total: number) {
  const since = performance.now();
  let drawn = 0;
  let finished = 0;
  const show = () => {
    const seconds = (performance.now() - since) / 1000;
    const left = finished > 0 ? `, ${formatDuration((seconds / finished) * (total - before - finished))} left` : '';
    terminal.progress(`${before + finished} of ${total} answers, ${Math.round(drawn / Math.max(seconds, 1e-3))} tokens/s${left}`);
  };
  return {
    onToken: () => {
      drawn += 1;
      if (drawn % 64 === 0) show();
    },
    onProgress: (progress: GenerationProgress) => {
      finished = progress.finished;
      show();
    },
    seconds: () => (performance.now() - since) / 1000,
    drawn: () => drawn,
  };
}

async function run(context: CliContext, given: Given) {
  const wanted = readOptions(given);
  const engine = await openEngine(context.terminal.line);
  const folder = path.resolve(text(given, 'model'));
  const file = path.resolve(text(given, 'prompts'));
  const bytes = await readInput(file, 'Give --prompts a JSON Lines file.');
  const { config, model, tokenizer, tokenizerConfig, tokenizerJson } = await openModel(engine, folder);
  const { contextLength } = config;
  const prompts = readPrompts(bytes, { file, tokenizer, tokenizerConfig, chat: wanted.chat, contextLength, model: folder });
  const reward = wanted.reward === undefined ? undefined : await openReward(engine, wanted.reward, tokenizerJson);
  const linesPerPrompt = wanted.bestOf === undefined ? wanted.samples : 1;
  const total = prompts.length * linesPerPrompt;

  const { batch: _batch, stream, ...kept } = wanted;
  const settings: RunSettings = {
    model: folder,
    prompts: createHash('sha256').update(bytes).digest('hex'),
    ...Object.fromEntries(Object.entries({ ...kept, ...kept.filters, filters: null }).map(([name, value]) => [name, value ?? null])),
  } as RunSettings;
  const outOption = optionalText(given, 'out');
  const out = outOption === undefined ? undefined : path.resolve(outOption);
  const options = { resume: given.options.resume === true, force: given.options.force === true };
  const part = out === undefined ? undefined : await PartFile.open(out, settings, options);
  const before = Math.min(part?.kept.length ?? 0, total);
  const skipped = Math.floor(before / linesPerPrompt);
  const report = reporter(context.terminal, skipped * linesPerPrompt, total);
  const shown = given.options.json === true ? process.stderr : process.stdout;
  let written = before;
  let tokens = 0;
  try {
    const lines = answerLines({
      engine,
      model,
      tokenizer,
      prompts: prompts.slice(skipped),
      options: {
        samplesPerPrompt: wanted.bestOf ?? wanted.samples,
        maxNewTokens: wanted.maxNewTokens,
        temperature: wanted.temperature,
        filters: wanted.filters,
        seed: wanted.seed,
        batchSize: wanted.batch,
        stopIds: config.stopTokenIds,
        text: { tokenizer, stop: wanted.stop },
        signal: context.signal,
        ...(stream
          ? {
              onToken: (event) => shown.write(event.text.split('\n').map(plain).join('\n') + (event.finishReason ? '\n\n' : '')),
            }
          : { onToken: report.onToken, onProgress: report.onProgress }),
      },
      ...(wanted.beams === undefined ? {} : { beams: { beams: wanted.beams, lengthPenalty: wanted.lengthPenalty } }),
      ...(reward ? { reward } : {}),
    });
    let index = skipped * linesPerPrompt;
    for await (const line of lines) {
      index += 1;
      if (index <= before) continue;
      await part?.append([JSON.stringify(line)]);
      written += 1;
      tokens += line.tokens.length;
    }
    await part?.finish();
  } catch (error) {
    await part?.leave();
    context.terminal.endProgress();
    if (!(error instanceof AppError) || error.code !== 'CANCELLED' || out === undefined) throw error;
    throw new AppError('CANCELLED', `Stopped: ${written} of ${total} answers are written to ${PartFile.partOf(out)}.`, {
      details: { written, total, file: PartFile.partOf(out) },
      remedy: 'Run the same command with --resume for the rest.',
    });
  }
  context.terminal.endProgress();
  const seconds = report.seconds();
  const tokensPerSecond = Number((tokens / seconds).toFixed(1));
  return {
    json: { out: out ?? null, prompts: prompts.length, answers: written, resumed: before, tokens, seconds, tokensPerSecond },
    text: stream
      ? ''
      : facts([
          ['answers', `${written} of ${prompts.length} prompts`],
          ['tokens', `${tokens} (${tokensPerSecond} a second)`],
          ['file', out ?? null],
        ]),
  };
}
