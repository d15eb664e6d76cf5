import { safetensorsParts, type TensorData, type WritableTensors } from '#lib/formats/safetensors';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { isTransposed, transposed } from './checkpoint-names';
import type { ModelFiles, ModelWeights } from './hugging-face';
import { serializeConfig } from './model-config';
import { indexFile, weightsFile } from './model-folder';

/** A file that is to be written: its bytes are made part by part. */
export interface WritableFile {
  readonly name: string;
  readonly size: number;
  parts(): Iterable<Uint8Array>;
}

/** Above this a weights file is split, as transformers does it. */
const usualShardBytes = 5_000_000_000;

function textFile(name: string, text: string): WritableFile {
  const bytes = new TextEncoder().encode(text);
  return { name, size: bytes.length, parts: () => [bytes] };
}

function jsonFile(name: string, json: unknown): WritableFile {
  return textFile(name, `${JSON.stringify(json, null, 2)}\n`);
}

/** The tensors as they lie in files. */
function stored({ config, weights }: ModelWeights): WritableTensors {
  const entries = [...weights].map(([name, tensor]) => {
    const [rows = 0, columns = 0] = tensor.shape;
    if (!isTransposed(name, config)) return [name, { ...tensor, data: () => tensor.data }] as const;
    return [name, { dtype: tensor.dtype, shape: [columns, rows], data: () => transposed(tensor.data, rows, columns) }] as const;
  });
  return new Map(entries);
}

const elementBytes: Readonly<Record<TensorData['dtype'], number>> = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 };

function bytesOf({ dtype, shape }: Pick<TensorData, 'dtype' | 'shape'>): number {
  return shape.reduce((product, length) => product * length, elementBytes[dtype]);
}

/** Parts of at most `limit` bytes, in order; a tensor that is larger has one of its own. */
function shards(tensors: WritableTensors, limit: number): WritableTensors[] {
  const all: Map<string, typeof tensors extends ReadonlyMap<string, infer T> ? T : never>[] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const [name, tensor] of tensors) {
    const size = bytesOf(tensor);
    if (filled + size > limit) {
      all.push(new Map());
      filled = 0;
    }
    all.at(-1)?.set(name, tensor);
    filled += size;
  }
  return all;
}

function* weightFiles(model: ModelWeights, limit: number): Generator<WritableFile> {
  const tensors = stored(model);
  const all = shards(tensors, limit);
  const metadata = { format: 'pt' };
  if (all.length <= 1) {
    yield { name: weightsFile, ...safetensorsParts(tensors, metadata) };
    return;
  }
  const number = (value: number) => String(value).padStart(5, '0');
  const weightMap: Record<string, string> = {};
  for (const [index, part] of all.entries()) {
    const name = `model-${number(index + 1)}-of-${number(all.length)}.safetensors`;
    for (const tensor of part.keys()) weightMap[tensor] = name;
    yield { name, ...safetensorsParts(part, metadata) };
  }
  const total = [...tensors.values()].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  yield jsonFile(indexFile, { metadata: { total_size: total }, weight_map: weightMap });
}

function tokenizerFiles(files: ModelFiles): WritableFile[] {
  const { config } = files;
  const tokenizer = loadTokenizer(files.tokenizerJson, 'tokenizer.json');
  const special = (id: number | null) => (id === null ? null : (tokenizer.pieceOf(id) ?? null));
  const made = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: special(config.bosTokenId),
    eos_token: special(config.eosTokenId),
    pad_token: special(config.padTokenId),
    model_max_length: config.contextLength,
    clean_up_tokenization_spaces: false,
  };
  return [
    textFile('tokenizer.json', files.tokenizerJson),
    files.tokenizerConfigJson === undefined
      ? jsonFile('tokenizer_config.json', made)
      : textFile('tokenizer_config.json', files.tokenizerConfigJson),
    ...(files.chatTemplateJinja === undefined ? [] : [textFile('chat_template.jinja', files.chatTemplateJinja)]),
  ];
}

/**
 * The files of a Hugging Face folder; transformers reads them as they are. A tied output matrix is left out, as transformers does. Weights
 * above `shardBytes` are split; nothing is copied that needs no change, so that writing takes no second set of weights.
 */
export function* serializeModel(
  model: ModelWeights & Partial<ModelFiles>,
  options: { readonly shardBytes?: number } = {},
): Generator<WritableFile> {
  const { config, kind, tokenizerJson } = model;
  yield textFile('config.json', serializeConfig(config, kind));
  yield* weightFiles(model, options.shardBytes ?? usualShardBytes);
  if (tokenizerJson !== undefined) yield* tokenizerFiles({ ...model, tokenizerJson });
  const stops = config.stopTokenIds;
  yield jsonFile('generation_config.json', {
    bos_token_id: config.bosTokenId,
    eos_token_id: stops.length > 1 ? stops : (stops[0] ?? null),
    pad_token_id: config.padTokenId,
  });
}
