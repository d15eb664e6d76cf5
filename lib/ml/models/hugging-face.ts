import { z } from 'zod';
import { AppError } from '#lib/errors';
import { decodeTensor, type TensorData } from '#lib/formats/safetensors';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';
import { canonicalName, isIgnored, isTransposed, transposed } from './checkpoint-names';
import { type ModelConfig, type ModelKind, parseConfig } from './model-config';
import { findTensors, listed, type ModelFolder, readOptionalText, readText, type StoredTensor } from './model-folder';
import { parseFields, readJson, tokenFields } from './read-config';
import { tensorShapes } from './tensor-shapes';

/** What a model computes with. */
export interface ModelWeights {
  readonly config: ModelConfig;
  readonly kind: ModelKind;
  /** By the names and shapes of `tensorShapes`, and in their order. */
  readonly weights: ReadonlyMap<string, TensorData>;
}

/** A model in memory: what a Hugging Face folder holds. */
export interface ModelFiles extends ModelWeights {
  readonly tokenizerJson: string;
  /** Kept as they came, with the chat template. */
  readonly tokenizerConfigJson?: string;
  readonly chatTemplateJinja?: string;
}

function bad(source: string, message: string, tensor?: string): AppError {
  return new AppError('BAD_INPUT', `${source}: ${message}.`, {
    details: tensor === undefined ? { file: source } : { file: source, tensor },
    remedy: 'Check that config.json, model.safetensors and tokenizer.json come from the same model.',
  });
}

/** Throws BAD_INPUT naming the first missing or extra tensor. */
function checkNames(names: Iterable<string>, config: ModelConfig, kind: ModelKind, source: string): void {
  const shapes = tensorShapes(config, kind);
  const given = new Set(names);
  const missing = [...shapes.keys()].filter((name) => !given.has(name));
  if (missing[0] !== undefined) throw bad(source, `the weights lack ${listed(missing)}`, missing[0]);
  const extra = [...given].filter((name) => !shapes.has(name) && !isIgnored(name, config, kind));
  if (extra[0] !== undefined) throw bad(source, `the weights hold ${listed(extra)}, which this architecture does not have`, extra[0]);
}

function checkShape(name: string, given: readonly number[], wanted: readonly number[], source: string): void {
  if (given.length === wanted.length && given.every((length, axis) => length === wanted[axis])) return;
  throw bad(source, `tensor ${name} has shape [${given.join(', ')}], but config.json asks for [${wanted.join(', ')}]`, name);
}

function checkValues(name: string, tensor: TensorData, source: string): void {
  if (!(tensor.data instanceof Float32Array))
    throw bad(source, `tensor ${name} has whole numbers (${tensor.dtype}) instead of weights`, name);
  const { data } = tensor;
  for (let index = 0; index < data.length; index += 1) {
    if (!Number.isFinite(data[index])) throw bad(source, `tensor ${name} holds ${data[index]} at position ${index}`, name);
  }
}

/** Throws BAD_INPUT naming the first missing, extra, wrongly shaped or not finite tensor. */
export function checkWeights(
  weights: ReadonlyMap<string, TensorData>,
  config: ModelConfig,
  kind: ModelKind,
  source: string,
): Map<string, TensorData> {
  checkNames(weights.keys(), config, kind, source);
  const checked = new Map<string, TensorData>();
  for (const [name, shape] of tensorShapes(config, kind)) {
    const tensor = weights.get(name);
    if (!tensor) continue;
    checkShape(name, tensor.shape, shape, source);
    checkValues(name, tensor, source);
    checked.set(name, tensor);
  }
  return checked;
}

async function readTensor(folder: ModelFolder, { entry, file }: StoredTensor, source: string): Promise<TensorData> {
  return decodeTensor(entry, await folder.read(file, entry.begin, entry.end), `${source}/${file}`);
}

function byOurNames(stored: ReadonlyMap<string, StoredTensor>, config: ModelConfig, kind: ModelKind, source: string) {
  const shapes = tensorShapes(config, kind);
  const named = new Map<string, StoredTensor>();
  for (const [given, tensor] of stored) {
    const name = canonicalName(given, config, shapes);
    if (named.has(name)) throw bad(source, `the weights hold ${name} twice, with and without the first part of its name`, name);
    named.set(name, tensor);
  }
  return named;
}

/** transformers overwrites a stored output matrix by the embedding where config.json ties them; one that differs points to a wrong file. */
async function checkTied(
  folder: ModelFolder,
  named: ReadonlyMap<string, StoredTensor>,
  embedding: string,
  weights: Map<string, TensorData>,
  source: string,
) {
  const stored = named.get('lm_head.weight');
  const expected = weights.get(embedding);
  if (!stored || !expected) return;
  checkShape('lm_head.weight', stored.entry.shape, expected.shape, `${source}/${stored.file}`);
  const { data } = await readTensor(folder, stored, source);
  const differs = data.findIndex((value, index) => value !== expected.data[index]);
  if (differs < 0) return;
  throw bad(
    `${source}/${stored.file}`,
    `lm_head.weight differs from the embedding at position ${differs}, but tie_word_embeddings in config.json says that they are one`,
    'lm_head.weight',
  );
}

/**
 * Configuration and weights of a Hugging Face folder, checked, tensor by tensor: the memory needed is that of the weights in float32 and
 * of one more tensor. `source` names the folder in messages. Throws BAD_INPUT naming file, field or tensor.
 */
export async function readModelWeights(folder: ModelFolder, source: string): Promise<ModelWeights> {
  const parsed = parseConfig(await readText(folder, 'config.json', source), `${source}/config.json`);
  const { kind } = parsed;
  const config = { ...parsed.config, stopTokenIds: await readStops(folder, parsed.config, source) };
  const shapes = tensorShapes(config, kind);
  const stored = await findTensors(folder, source);
  const files = [...new Set([...stored.values()].map(({ file }) => file))];
  const where = files.length === 1 ? `${source}/${files[0]}` : source;
  const named = byOurNames(stored, config, kind, where);
  checkNames(named.keys(), config, kind, where);
  for (const [name, shape] of shapes) {
    const { entry, file } = named.get(name) as StoredTensor;
    checkShape(name, entry.shape, isTransposed(name, config) ? shape.toReversed() : shape, `${source}/${file}`);
  }
  const weights = new Map<string, TensorData>();
  for (const [name, shape] of shapes) {
    const place = named.get(name) as StoredTensor;
    const tensor = await readTensor(folder, place, source);
    checkValues(name, tensor, `${source}/${place.file}`);
    const [rows = 0, columns = 0] = tensor.shape;
    weights.set(name, isTransposed(name, config) ? { ...tensor, shape, data: transposed(tensor.data, rows, columns) } : tensor);
  }
  if (kind === 'POLICY' && config.tiedEmbeddings) await checkTied(folder, named, [...shapes.keys()][0] ?? '', weights, source);
  return { config, kind, weights };
}

const generationFile = z.object({ eos_token_id: tokenFields.eos_token_id });

/** The tokens that end an answer: those of config.json, and those that generation_config.json adds. */
async function readStops(folder: ModelFolder, config: ModelConfig, source: string): Promise<readonly number[]> {
  const text = await readOptionalText(folder, 'generation_config.json');
  if (text === undefined) return config.stopTokenIds;
  const name = `${source}/generation_config.json`;
  const { eos_token_id } = parseFields(generationFile, readJson(text, name), name);
  return [...new Set([...config.stopTokenIds, ...[eos_token_id ?? []].flat()])];
}

/** The same with the tokenizer, which has to fit. Throws BAD_INPUT naming file, field or tensor. */
export async function readModel(folder: ModelFolder, source: string): Promise<ModelFiles> {
  const model = await readModelWeights(folder, source);
  const { tokenizerJson } = await readTokenizer(folder, model.config, source);
  const tokenizerConfigJson = await readOptionalText(folder, 'tokenizer_config.json');
  const chatTemplateJinja = await readOptionalText(folder, 'chat_template.jinja');
  return {
    ...model,
    tokenizerJson,
    ...(tokenizerConfigJson === undefined ? {} : { tokenizerConfigJson }),
    ...(chatTemplateJinja === undefined ? {} : { chatTemplateJinja }),
  };
}

/** tokenizer.json goes first: it is what the model was used with; the others are what it can be made from. */
const tokenizerFiles = ['tokenizer.json', 'tokenizer.model', 'tokenizer.bin'] as const;

async function findTokenizer(folder: ModelFolder, source: string): Promise<{ tokenizerJson: string; name: string }> {
  for (const file of tokenizerFiles) {
    const size = await folder.size(file);
    if (size === undefined) continue;
    const name = `${source}/${file}`;
    return { name, tokenizerJson: tokenizerJsonOfFile(await folder.read(file, 0, size), name) };
  }
  return { name: `${source}/tokenizer.json`, tokenizerJson: await readText(folder, 'tokenizer.json', source) };
}

/** The tokenizer of the folder. Throws BAD_INPUT where it is not there, or can produce ids that the embedding does not have. */
export async function readTokenizer(
  folder: ModelFolder,
  config: ModelConfig,
  source: string,
): Promise<{ readonly tokenizerJson: string; readonly tokenizer: Tokenizer }> {
  const { name, tokenizerJson } = await findTokenizer(folder, source);
  const tokenizer = loadTokenizer(tokenizerJson, name, config);
  if (tokenizer.vocabularySize > config.vocabSize) {
    throw bad(name, `the tokenizer has ${tokenizer.vocabularySize} tokens, but the embedding of the model only ${config.vocabSize}`);
  }
  for (const [field, id] of Object.entries({ bos_token_id: config.bosTokenId, eos_token_id: config.eosTokenId })) {
    if (id >= config.vocabSize) throw bad(name, `${field} is ${id}, but the model has ${config.vocabSize} tokens`);
  }
  return { tokenizerJson, tokenizer };
}
