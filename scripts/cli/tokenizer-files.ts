import { access } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { parseTokenizerConfig, type TokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';
import { type Given, optionalText } from './frame';
import { readInput } from './read-input';

export interface GivenTokenizer {
  /** The file it was read from. */
  readonly file: string;
  readonly tokenizer: Tokenizer;
  /** Of the folder, where it has one. */
  readonly config: TokenizerConfig | undefined;
}

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

/** tokenizer.json goes first: it is what the model was made with; tokenizer.model is what it was made from. */
async function fileOf(folder: string): Promise<string> {
  for (const name of ['tokenizer.json', 'tokenizer.model', 'tokenizer.bin']) {
    const file = path.join(folder, name);
    if (await isThere(file)) return file;
  }
  throw new AppError('BAD_INPUT', `${folder} holds no tokenizer.json, tokenizer.model or tokenizer.bin.`, {
    details: { folder },
    remedy: 'Give --model the folder of a model, or --tokenizer the file itself.',
  });
}

async function configOf(folder: string): Promise<TokenizerConfig | undefined> {
  const file = path.join(folder, 'tokenizer_config.json');
  const template = path.join(folder, 'chat_template.jinja');
  const decode = async (name: string) => new TextDecoder().decode(await readInput(name, 'Make it readable.'));
  const chatTemplate = (await isThere(template)) ? await decode(template) : undefined;
  if (await isThere(file)) return parseTokenizerConfig(await decode(file), file, chatTemplate);
  return chatTemplate === undefined ? undefined : parseTokenizerConfig('{}', template, chatTemplate);
}

/** What --model or --tokenizer names. @throws AppError BAD_INPUT naming option, folder or file */
export async function readGivenTokenizer(given: Given): Promise<GivenTokenizer> {
  const model = optionalText(given, 'model');
  const named = optionalText(given, 'tokenizer');
  if ((model === undefined) === (named === undefined))
    throw new AppError('BAD_INPUT', 'Give either --model or --tokenizer.', { details: { options: ['model', 'tokenizer'] } });
  const folder = model === undefined ? undefined : path.resolve(model);
  const file = folder === undefined ? path.resolve(named as string) : await fileOf(folder);
  const bytes = await readInput(file, 'Give a tokenizer.json, tokenizer.model or tokenizer.bin that can be read.');
  return {
    file,
    tokenizer: loadTokenizer(tokenizerJsonOfFile(bytes, file), file),
    config: folder === undefined ? undefined : await configOf(folder),
  };
}
