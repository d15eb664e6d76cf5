import { AppError } from '#lib/errors';
import { readSafetensors, type TensorData, writeSafetensors } from '#lib/formats/safetensors';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { type LlamaConfig, type ModelKind, parseConfig, serializeConfig, tensorShapes } from './model-config';

/** A model in memory: what a Hugging Face folder holds. */
export interface ModelFiles {
  readonly config: LlamaConfig;
  readonly kind: ModelKind;
  readonly weights: ReadonlyMap<string, TensorData>;
  readonly tokenizerJson: string;
}

function bad(source: string, message: string, tensor?: string): AppError {
  return new AppError('BAD_INPUT', `${source}: ${message}.`, {
    details: tensor === undefined ? { file: source } : { file: source, tensor },
    remedy: 'Check that config.json, model.safetensors and tokenizer.json come from the same model.',
  });
}

/** Tensors that old exports carry and nobody reads. */
function isIgnored(name: string, config: LlamaConfig, kind: ModelKind): boolean {
  if (name.endsWith('.rotary_emb.inv_freq')) return true;
  return name === 'lm_head.weight' && (kind !== 'POLICY' || config.tiedEmbeddings);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Throws BAD_INPUT naming the first missing, extra, wrongly shaped or not finite tensor. */
export function checkWeights(
  weights: ReadonlyMap<string, TensorData>,
  config: LlamaConfig,
  kind: ModelKind,
  source: string,
): Map<string, TensorData> {
  const shapes = tensorShapes(config, kind);
  const missing = [...shapes.keys()].filter((name) => !weights.has(name));
  if (missing[0] !== undefined) throw bad(source, `the weights lack ${listed(missing)}`, missing[0]);
  const extra = [...weights.keys()].filter((name) => !shapes.has(name) && !isIgnored(name, config, kind));
  if (extra[0] !== undefined) throw bad(source, `the weights hold ${listed(extra)}, which this architecture does not have`, extra[0]);
  const checked = new Map<string, TensorData>();
  for (const [name, shape] of shapes) {
    const tensor = weights.get(name);
    if (!tensor) continue;
    if (!(tensor.data instanceof Float32Array))
      throw bad(source, `tensor ${name} has whole numbers (${tensor.dtype}) instead of weights`, name);
    if (tensor.shape.length !== shape.length || tensor.shape.some((length, axis) => length !== shape[axis])) {
      throw bad(source, `tensor ${name} has shape [${tensor.shape.join(', ')}], but config.json asks for [${shape.join(', ')}]`, name);
    }
    const broken = tensor.data.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) throw bad(source, `tensor ${name} holds ${tensor.data[broken]} at position ${broken}`, name);
    checked.set(name, tensor);
  }
  return checked;
}

/**
 * The contents of a Hugging Face folder, checked. `source` names the folder in messages.
 * Throws BAD_INPUT naming file, field or tensor: unknown architecture, missing, extra or wrong tensors, a tokenizer that does not fit.
 */
export function parseModelFiles(input: {
  config: Uint8Array | string;
  weights: Uint8Array;
  tokenizer: string;
  source: string;
}): ModelFiles {
  const { source } = input;
  const configText = typeof input.config === 'string' ? input.config : new TextDecoder().decode(input.config);
  const { config, kind } = parseConfig(configText, `${source}/config.json`);
  const weightsFile = `${source}/model.safetensors`;
  const weights = checkWeights(readSafetensors(input.weights, weightsFile), config, kind, weightsFile);
  checkTokenizer(input.tokenizer, config, `${source}/tokenizer.json`);
  return { config, kind, weights, tokenizerJson: input.tokenizer };
}

/** Throws BAD_INPUT where the tokenizer can produce ids that the embedding does not have. */
function checkTokenizer(tokenizerJson: string, config: LlamaConfig, source: string): void {
  const tokenizer = loadTokenizer(tokenizerJson, source);
  if (tokenizer.vocabularySize > config.vocabSize) {
    throw bad(source, `the tokenizer has ${tokenizer.vocabularySize} tokens, but the embedding of the model only ${config.vocabSize}`);
  }
  for (const [name, id] of Object.entries({ bos_token_id: config.bosTokenId, eos_token_id: config.eosTokenId })) {
    if (id >= config.vocabSize) throw bad(source, `${name} is ${id}, but the model has ${config.vocabSize} tokens`);
  }
}

/** The files of a Hugging Face folder; transformers reads them as they are. */
export function serializeModel(files: ModelFiles): {
  'config.json': string;
  'model.safetensors': Uint8Array;
  'tokenizer.json': string;
  'tokenizer_config.json': string;
  'generation_config.json': string;
} {
  const { config, kind } = files;
  const tokenizer = loadTokenizer(files.tokenizerJson, 'tokenizer.json');
  const special = (id: number | null) => (id === null ? null : (tokenizer.pieceOf(id) ?? null));
  const tokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: special(config.bosTokenId),
    eos_token: special(config.eosTokenId),
    pad_token: special(config.padTokenId),
    model_max_length: config.contextLength,
    clean_up_tokenization_spaces: false,
  };
  const generationConfig = { bos_token_id: config.bosTokenId, eos_token_id: config.eosTokenId, pad_token_id: config.padTokenId };
  return {
    'config.json': serializeConfig(config, kind),
    'model.safetensors': writeSafetensors(files.weights, { format: 'pt' }),
    'tokenizer.json': files.tokenizerJson,
    'tokenizer_config.json': `${JSON.stringify(tokenizerConfig, null, 2)}\n`,
    'generation_config.json': `${JSON.stringify(generationConfig, null, 2)}\n`,
  };
}
