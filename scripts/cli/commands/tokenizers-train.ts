import path from 'node:path';
import type { Command } from 'commander';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainBytePairTokenizer } from '#lib/ml/tokenizers/train-byte-pair';
import { action, type CliContext, text, whole } from '../frame';
import { readInput } from '../read-input';
import { facts } from '../terminal';
import { readTextLines } from '../text-lines';
import { writeOutput } from '../write-output';

export function registerTokenizersTrain(tokenizers: Command, context: CliContext): void {
  tokenizers
    .command('train')
    .description('learn a byte-level BPE vocabulary from texts; needs no database')
    .requiredOption('--data <file>', 'plain text, or with .jsonl at the end one {"text": "..."} or {"messages": [...]} a line')
    .requiredOption('--vocabulary-size <n>', 'tokens to end with: 256 bytes, the special ones, and what is learnt')
    .requiredOption('--out <file>', 'tokenizer.json to write')
    .option('--special-token <token...>', 'special tokens; the first one begins and ends texts', ['<|endoftext|>'])
    .addHelpText(
      'after',
      `
The same texts give the same file. Fewer tokens are written where the texts run out of pairs.

Example:
  plumbline tokenizers train --data stories.jsonl --vocabulary-size 4096 --out tokenizer.json`,
    )
    .action(
      action(context, async (given) => {
        const data = path.resolve(text(given, 'data'));
        const out = path.resolve(text(given, 'out'));
        const vocabularySize = whole(given, 'vocabularySize', 256);
        const bytes = await readInput(data, 'Give --data a text or JSON Lines file.');
        const texts = data.endsWith('.jsonl') ? textsOf(bytes, data) : [new TextDecoder().decode(bytes)];
        const started = performance.now();
        const json = trainBytePairTokenizer({ texts, vocabularySize, specialTokens: given.options.specialToken as string[] });
        const seconds = Math.round(performance.now() - started) / 1000;
        const size = loadTokenizer(json, out).vocabularySize;
        await writeOutput(out, [new TextEncoder().encode(json)]);
        const characters = texts.reduce((sum, each) => sum + each.length, 0);
        return {
          json: { file: out, vocabularySize: size, asked: vocabularySize, texts: texts.length, characters, seconds },
          text: facts([
            ['file', out],
            ['vocabulary', size === vocabularySize ? `${size} tokens` : `${size} tokens; the texts hold no more pairs`],
            ['learnt from', `${texts.length} texts, ${characters} characters`],
            ['time', `${seconds} s`],
          ]),
        };
      }),
    );
}

function textsOf(bytes: Uint8Array, file: string): string[] {
  return readTextLines(bytes, file).flatMap(({ content }) =>
    'text' in content ? [content.text] : content.messages.flatMap(({ content: said }) => (typeof said === 'string' ? [said] : [])),
  );
}
