import path from 'node:path';
import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { type ChatMessage, renderChat } from '#lib/ml/tokenizers/chat-template';
import { tokenizeChat } from '#lib/ml/tokenizers/tokenize-chat';
import { action, type CliContext, type Given, type Outcome, optionalText } from '../frame';
import { readInput } from '../read-input';
import { table } from '../terminal';
import { readTextLines } from '../text-lines';
import { type GivenTokenizer, readGivenTokenizer } from '../tokenizer-files';

export function registerTokenize(program: Command, context: CliContext): void {
  program
    .command('tokenize')
    .description('text to tokens with their places, and tokens to text; needs no database')
    .option('--model <dir>', 'Hugging Face folder')
    .option('--tokenizer <file>', 'tokenizer.json, SentencePiece tokenizer.model or llama2.c tokenizer.bin')
    .option('--text <text>', 'text to cut into tokens')
    .option('--data <file>', 'JSON Lines: {"text": "..."} or {"messages": [{"role", "content"}]} a line')
    .option('--decode <ids>', 'token ids, with commas or blanks between them, to turn into text')
    .option('--special', 'put the begin and end tokens around that the tokenizer asks for; show special tokens in decoded text')
    .addHelpText(
      'after',
      `
Offsets are UTF-16 code units of the text. Conversations are written by the chat template of the folder; their tokens come with
"assistant": 1 where the assistant wrote the token, the ones that training learns from.

Example:
  plumbline tokenize --model stories260k --text "Once upon a time" --json`,
    )
    .action(
      action(context, async (given) => {
        const asked = ['text', 'data', 'decode'].filter((name) => optionalText(given, name) !== undefined);
        if (asked.length !== 1)
          throw new AppError('BAD_INPUT', 'Give one of --text, --data and --decode.', { details: { options: ['text', 'data', 'decode'] } });
        const source = await readGivenTokenizer(given);
        if (asked[0] === 'decode') return decode(given, source);
        return asked[0] === 'text' ? tokenizeText(given, source) : await tokenizeData(given, source);
      }),
    );
}

function decode(given: Given, { file, tokenizer }: GivenTokenizer): Outcome {
  const ids = (optionalText(given, 'decode') ?? '')
    .split(/[\s,]+/)
    .filter((written) => written !== '')
    .map((written) => {
      const id = Number(written);
      if (Number.isSafeInteger(id) && id >= 0 && tokenizer.pieceOf(id) !== undefined) return id;
      throw new AppError('BAD_INPUT', `"${written}" is no token of ${file}: its ids go from 0 to ${tokenizer.vocabularySize - 1}.`, {
        details: { option: 'decode' },
      });
    });
  const text = tokenizer.decode(ids, { skipSpecial: given.options.special !== true });
  return { json: { tokenizer: file, ids, pieces: ids.map((id) => tokenizer.pieceOf(id) ?? ''), text }, text };
}

interface Tokens {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
  readonly offsets: readonly (readonly [number, number])[];
}

function tokensOf(text: string, given: Given, { tokenizer }: GivenTokenizer): Tokens {
  const { ids, offsets } = tokenizer.encodeWithOffsets(text, { surroundings: given.options.special === true });
  return { ids, pieces: ids.map((id) => tokenizer.pieceOf(id) ?? ''), offsets };
}

/** Blanks and what steers a terminal as something that can be seen. */
function visible(text: string): string {
  return text
    .replaceAll(' ', '\u00b7')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function tokenizeText(given: Given, source: GivenTokenizer): Outcome {
  const text = optionalText(given, 'text') ?? '';
  const tokens = tokensOf(text, given, source);
  const rows = tokens.ids.map((id, index) => {
    const [start, end] = tokens.offsets[index] ?? [0, 0];
    return [id, visible(tokens.pieces[index] ?? ''), visible(text.slice(start, end)), `${start}-${end}`];
  });
  const noun = tokens.ids.length === 1 ? 'token' : 'tokens';
  return {
    json: { tokenizer: source.file, text, ...tokens },
    text: `${table(['id', 'piece', 'text', 'range'], rows)}\n\n${tokens.ids.length} ${noun}`,
  };
}

async function tokenizeData(given: Given, source: GivenTokenizer): Promise<Outcome> {
  const file = path.resolve(optionalText(given, 'data') ?? '');
  const lines = readTextLines(await readInput(file, 'Give --data a JSON Lines file.'), file);
  const rows = lines.map(({ number, content }): { line: number; assistant?: readonly number[] } & Tokens => {
    try {
      return { line: number, ...('text' in content ? tokensOf(content.text, given, source) : chatTokens(content.messages, source)) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new AppError(error.code, `${file}, line ${number}: ${error.message}`, {
        details: { ...error.details, file, line: number },
        ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
        cause: error,
      });
    }
  });
  const total = rows.reduce((sum, { ids }) => sum + ids.length, 0);
  const counts = rows.map((row) => [row.line, row.ids.length, row.assistant?.reduce((sum, each) => sum + each, 0) ?? null]);
  return {
    json: { tokenizer: source.file, tokens: total, rows },
    text: `${table(['line', 'tokens', "assistant's"], counts)}\n\n${total} tokens in ${rows.length} rows`,
  };
}

function chatTokens(
  messages: readonly ChatMessage[],
  { file, tokenizer, config }: GivenTokenizer,
): Tokens & { assistant: number[]; text: string } {
  const template = config?.chatTemplate;
  if (!template)
    throw new AppError('BAD_INPUT', `${path.dirname(file)} has no chat template.`, {
      details: { folder: path.dirname(file) },
      remedy: 'Give --model a folder with tokenizer_config.json or chat_template.jinja.',
    });
  const chat = { template, messages, bosToken: config.bosToken, eosToken: config.eosToken };
  const text = renderChat(chat);
  const { ids, offsets, assistantMask } = tokenizeChat({ ...chat, tokenizer });
  return { text, ids, pieces: ids.map((id) => tokenizer.pieceOf(id) ?? ''), offsets, assistant: assistantMask.map(Number) };
}
