import { folderRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine } from '#lib/ml/engine/engine';
import { type ModelFiles, readModel } from '#lib/ml/models/hugging-face';
import type { ModelKind } from '#lib/ml/models/model-config';
import { serializeModel, type WritableFile } from '#lib/ml/models/serialize-model';
import { adapterFiles, addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, type LanguageModel, type ScalarModel } from '#lib/ml/nn/language-model';
import type { LoraConfig } from '#lib/ml/nn/lora';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { parseTokenizerConfig, type TokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';
import { TextEncoder, type TokenizeConfig } from '#lib/ml/training/tokenize-text';
import type { PreparedRun } from './algorithm';

export interface OpenedFolder {
  readonly folder: string;
  /** Its weights go once models are made of them (`dropWeights`). */
  files: ModelFiles;
  readonly tokenizer: Tokenizer;
  /** With the chat template; undefined where the folder has none. */
  readonly tokenizerConfig: TokenizerConfig | undefined;
}

/** A model's folder with its tokenizer. @throws AppError BAD_INPUT naming file and field */
export async function openFolder(folder: string): Promise<OpenedFolder> {
  const files = await readModel(await folderRanges(folder), folder);
  const { chatTemplateJinja, config, tokenizerConfigJson, tokenizerJson } = files;
  const hasConfig = tokenizerConfigJson !== undefined || chatTemplateJinja !== undefined;
  return {
    folder,
    files,
    tokenizer: loadTokenizer(tokenizerJson, `${folder}/tokenizer.json`, config),
    tokenizerConfig: hasConfig
      ? parseTokenizerConfig(tokenizerConfigJson ?? '{}', `${folder}/tokenizer_config.json`, chatTemplateJinja)
      : undefined,
  };
}

/** The models that were made have copies of their own: a run does not keep a second set for hours. */
export function dropWeights(...folders: readonly OpenedFolder[]): void {
  for (const opened of folders) opened.files = { ...opened.files, weights: new Map() };
}

/** How texts become tokens of this model. */
export function encoderOf(
  { files, tokenizer, tokenizerConfig }: OpenedFolder,
  config: Omit<TokenizeConfig, 'mask'> & Partial<TokenizeConfig>,
): TextEncoder {
  const { contextLength, stopTokenIds } = files.config;
  return new TextEncoder({ tokenizer, tokenizerConfig, stopTokenIds, contextLength, config: { mask: null, ...config } });
}

/** @throws AppError BAD_INPUT: token ids would mean other texts to the one than to the other */
export function requireSameTokenizer(model: OpenedFolder, other: OpenedFolder, option: string): void {
  if (model.files.tokenizerJson === other.files.tokenizerJson) return;
  throw new AppError('BAD_INPUT', `--${option} ${other.folder} has another tokenizer than ${model.folder}.`, {
    details: { option },
    remedy: 'Give a model that was trained from the same one.',
  });
}

/** Puts a new adapter on a model, if the config has one. */
export function adapt(model: LanguageModel | ScalarModel, lora: LoraConfig | null, seed: number): void {
  if (lora !== null) addAdapter(model, lora, seed);
}

export function createPolicy(
  engine: Engine,
  opened: OpenedFolder,
  given: { readonly lora: LoraConfig | null; readonly seed: number },
): LanguageModel {
  const policy = createLanguageModel(engine, opened.files);
  adapt(policy, given.lora, given.seed);
  return policy;
}

const sizeOf = (parameters: Iterable<{ readonly shape: readonly number[] }>) =>
  [...parameters].reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);

/** Numbers that are trained, and numbers that only compute. */
export function countParameters(
  trained: readonly (LanguageModel | ScalarModel)[],
  frozen: readonly (LanguageModel | ScalarModel)[] = [],
): PreparedRun['parameters'] {
  const all = [...trained, ...frozen].reduce((sum, model) => sum + sizeOf(model.parameters.values()), 0);
  const adapters = trained.filter(({ trunk }) => trunk.trainable !== trunk.parameters);
  const own = trained.reduce((sum, { trunk }) => sum + sizeOf(trunk.trainable.values()), 0);
  const adapted = adapters.reduce((sum, { trunk }) => sum + sizeOf(trunk.trainable.values()), 0);
  return { trained: own, frozen: all + adapted - own };
}

/** Files that go into a folder below OUT; '' = OUT itself. */
export interface OutputFolder {
  readonly name: string;
  readonly files: Iterable<WritableFile>;
}

/** The files of a trained model: merged, with its adapter beside it where it has one. */
export function trainedFolders(
  opened: OpenedFolder,
  model: LanguageModel | ScalarModel,
  kind: ModelKind,
  given: { readonly name?: string; readonly weights?: Readonly<Record<string, TensorData>>; readonly extra?: readonly WritableFile[] } = {},
): OutputFolder[] {
  const { extra = [], name = '', weights = model.exportWeights() } = given;
  const merged = { name, files: [...serializeModel({ ...opened.files, kind, weights: new Map(Object.entries(weights)) }), ...extra] };
  const { adapter } = model.trunk;
  if (adapter === undefined) return [merged];
  return [merged, { name: name === '' ? 'adapter' : `${name}/adapter`, files: adapterFiles(model, adapter, kind, opened.folder) }];
}

export function jsonFile(name: string, json: unknown): WritableFile {
  const bytes = Buffer.from(`${JSON.stringify(json, null, 2)}\n`);
  return { name, size: bytes.length, parts: () => [bytes] };
}

/** A forward pass of one text, to see that the model computes. */
export function probe(engine: Engine, model: LanguageModel | ScalarModel, tokens: readonly number[]): void {
  engine.dispose(model.hidden(Int32Array.from(tokens), 1, tokens.length));
}
