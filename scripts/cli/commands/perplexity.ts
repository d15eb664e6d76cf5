import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { folderRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';
import { perplexity } from '#lib/ml/evaluation/perplexity';
import { readModelWeights, readTokenizer } from '#lib/ml/models/hugging-face';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { openEngine } from '../engine-process';
import { action, type CliContext, text } from '../frame';
import { readInput } from '../read-input';
import { facts } from '../terminal';

const line = z.union([z.object({ ids: z.array(z.number().int().nonnegative()) }), z.object({ text: z.string() })]);

export function registerPerplexity(program: Command, context: CliContext): void {
  program
    .command('perplexity')
    .description('how well a model predicts texts, in nats a token; needs no database')
    .requiredOption('--model <dir>', 'Hugging Face folder of a language model')
    .requiredOption('--data <file>', 'JSON Lines: {"text": "..."} or {"ids": [1, 2]} a line')
    .addHelpText(
      'after',
      `
Texts are read as tokenizer.json says, with the begin token where it asks for one; all tokens but the first of each text are predicted.
A text that is longer than the context is read in windows that overlap by half.

Example:
  plumbline perplexity --model stories260k --data stories.jsonl --json`,
    )
    .action(
      action(
        context,
        async (given) => {
          const engine = await openEngine(context.terminal.line);
          const folder = path.resolve(text(given, 'model'));
          const data = path.resolve(text(given, 'data'));
          const ranges = await folderRanges(folder);
          const files = await readModelWeights(ranges, folder);
          const lines = readLines(new TextDecoder().decode(await readInput(data, 'Give --data a JSON Lines file.')), data);
          const texts = lines.map(({ ids }) => ids ?? []);
          if (lines.some((each) => each.text !== undefined)) {
            const { tokenizer } = await readTokenizer(ranges, files.config, folder);
            for (const [index, each] of lines.entries()) {
              if (each.text !== undefined) texts[index] = tokenizer.encode(each.text, { surroundings: true });
            }
          }
          checkTexts(texts, lines, files.config.vocabSize, data);
          const model = createLanguageModel(engine, files);
          const { nll, tokens, windowed, ...rest } = await perplexity({
            engine,
            model,
            texts,
            signal: context.signal,
            onProgress: (done, total) => context.terminal.progress(`${done} of ${total} tokens`),
          });
          context.terminal.endProgress();
          const { contextLength } = files.config;
          if (windowed > 0) {
            const noun = windowed === 1 ? 'text is' : 'texts are';
            context.terminal.line(
              `${windowed} ${noun} longer than the ${contextLength} tokens of the context: read in windows that overlap by half.`,
            );
          }
          return {
            json: { nll, perplexity: rest.perplexity, tokens, texts: texts.length, windowed },
            text: facts([
              ['mean loss', `${nll.toFixed(6)} nats a token`],
              ['perplexity', rest.perplexity.toFixed(4)],
              ['tokens', tokens],
              ['texts', texts.length],
            ]),
          };
        },
        { endsItself: true },
      ),
    );
}

interface TextLine {
  readonly number: number;
  readonly text?: string;
  readonly ids?: number[];
}

function lineError(file: string, number: number, message: string): AppError {
  return new AppError('BAD_INPUT', `${file}, line ${number}: ${message}.`, { details: { file, line: number } });
}

/** @throws AppError BAD_INPUT naming file and line */
function readLines(content: string, file: string): TextLine[] {
  const lines: TextLine[] = [];
  for (const [index, written] of content.split('\n').entries()) {
    if (written.trim() === '') continue;
    let json: unknown;
    try {
      json = JSON.parse(written);
    } catch {
      throw lineError(file, index + 1, 'this is not JSON');
    }
    const parsed = line.safeParse(json);
    if (!parsed.success) throw lineError(file, index + 1, 'it needs "text", a text, or "ids", a list of token ids');
    lines.push({ number: index + 1, ...parsed.data });
  }
  if (lines.length === 0) throw new AppError('BAD_INPUT', `${file} holds no text.`, { details: { file } });
  return lines;
}

function checkTexts(texts: readonly (readonly number[])[], lines: readonly TextLine[], vocabSize: number, file: string): void {
  for (const [index, ids] of texts.entries()) {
    const number = lines[index]?.number ?? 0;
    if (ids.length === 0) throw lineError(file, number, 'the text is empty');
    const strange = ids.find((id) => id >= vocabSize);
    if (strange !== undefined) throw lineError(file, number, `token ${strange} is outside of the model's vocabulary of ${vocabSize}`);
  }
}
