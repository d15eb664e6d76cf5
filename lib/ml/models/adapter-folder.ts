import { z } from 'zod';
import { AppError } from '#lib/errors';
import { readSafetensors, safetensorsParts, type TensorData, type WritableTensors } from '#lib/formats/safetensors';
import type { LoraConfig } from '#lib/ml/nn/lora';
import { isTransposed, transposed } from './checkpoint-names';
import type { ModelConfig, ModelKind } from './model-config';
import { listed, type ModelFolder, readText } from './model-folder';
import { objectOf, readJson } from './read-config';
import type { WritableFile } from './serialize-model';

/** An adapter as PEFT keeps it: `adapter_config.json` and `adapter_model.safetensors`. */
export interface AdapterFiles {
  readonly config: LoraConfig;
  /** By our names: `<layer>.lora_A.weight`, `<layer>.lora_B.weight`, and the parts that are trained whole. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

const configFile = 'adapter_config.json';
const tensorsFile = 'adapter_model.safetensors';
const prefix = 'base_model.model.';

function bad(source: string, message: string, field: string): AppError {
  return new AppError('BAD_INPUT', `${source}: ${message}.`, {
    details: { file: source, field },
    remedy: 'Merge the adapter into its model with PEFT and load that, or train the adapter again.',
  });
}

const pattern = z.record(z.string(), z.unknown()).nullish();
const fields = z.object({
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().nullish(),
  target_modules: z.union([z.string(), z.array(z.string())]).nullish(),
  modules_to_save: z.array(z.string()).nullish(),
  rank_pattern: pattern,
  alpha_pattern: pattern,
});

/** Fields that say that something else is computed, and the values with which they do not. */
const harmless: Readonly<Record<string, readonly unknown[]>> = {
  peft_type: ['LORA'],
  bias: ['none', undefined],
  use_dora: [false, null, undefined],
  use_qalora: [false, null, undefined],
  lora_bias: [false, null, undefined],
  layer_replication: [null, undefined],
  megatron_config: [null, undefined],
  target_parameters: [null, undefined],
  trainable_token_indices: [null, undefined],
  exclude_modules: [null, undefined],
  layers_to_transform: [null, undefined],
  // the others change the weights of the model as well
  init_lora_weights: [true, false, 'gaussian', 'orthogonal', null, undefined],
};

/** Throws BAD_INPUT naming the file and the field: nothing that changes the result is passed over. */
function parseAdapterConfig(text: string, source: string): LoraConfig {
  const json = objectOf(readJson(text, source), source);
  for (const [field, allowed] of Object.entries(harmless)) {
    if (!allowed.includes(json[field])) throw bad(source, `${field} is ${JSON.stringify(json[field])}, which is not supported`, field);
  }
  const parsed = fields.safeParse(json);
  if (!parsed.success) {
    const field = String(parsed.error.issues[0]?.path[0]);
    throw bad(source, `${field} is ${JSON.stringify(json[field])}: ${parsed.error.issues[0]?.message}`, field);
  }
  const { data } = parsed;
  for (const field of ['rank_pattern', 'alpha_pattern'] as const) {
    if (Object.keys(data[field] ?? {}).length > 0)
      throw bad(source, `${field} gives layers ranks of their own, which is not supported`, field);
  }
  const targets = data.target_modules;
  // a text is all-linear or a regular expression; what it stands for is read from the tensors
  if (Array.isArray(targets) && targets.length === 0) throw bad(source, 'target_modules is empty', 'target_modules');
  return {
    rank: data.r,
    alpha: data.lora_alpha,
    rankStabilised: data.use_rslora ?? false,
    targets: Array.isArray(targets) ? targets : ['all-linear'],
    modulesToSave: data.modules_to_save ?? [],
  };
}

/**
 * Reads an adapter folder. Layers are those that have tensors; whether they fit the model is checked when they are given to it
 * (`adapterValues`). `source` names the folder in messages. Throws BAD_INPUT naming file, field or tensor.
 */
export async function readAdapter(folder: ModelFolder, source: string): Promise<AdapterFiles> {
  const config = parseAdapterConfig(await readText(folder, configFile, source), `${source}/${configFile}`);
  const file = `${source}/${tensorsFile}`;
  const size = await folder.size(tensorsFile);
  if (size === undefined) throw bad(file, 'the file is missing or cannot be read', tensorsFile);
  const tensors = new Map<string, TensorData>();
  for (const [name, tensor] of readSafetensors(await folder.read(tensorsFile, 0, size), file)) {
    if (!name.startsWith(prefix)) throw bad(file, `tensor ${name} does not begin with ${prefix}`, name);
    const wrong = tensor.data.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw bad(file, `tensor ${name} holds ${tensor.data[wrong]} at position ${wrong}`, name);
    tensors.set(name.slice(prefix.length), tensor);
  }
  const layers = [...tensors.keys()]
    .filter((name) => name.endsWith('.lora_A.weight'))
    .map((name) => name.slice(0, -'.lora_A.weight'.length));
  if (layers.length === 0) throw bad(file, 'no tensor is the lora_A of a layer', tensorsFile);
  // PEFT lists both names that a head can have, for every adapter of a scalar model
  const modulesToSave = config.modulesToSave?.filter((name) => name !== 'classifier') ?? [];
  return { config: { ...config, targets: layers, modulesToSave }, tensors };
}

/**
 * The values of an adapter for a model that wants tensors of `shapes`, laid out as ours. Throws BAD_INPUT naming the first tensor that is
 * missing, extra or of another shape.
 */
export function adapterValues(
  { tensors }: AdapterFiles,
  shapes: ReadonlyMap<string, readonly number[]>,
  model: ModelConfig,
  source: string,
): Map<string, Float32Array> {
  const missing = [...shapes.keys()].filter((name) => !tensors.has(name));
  if (missing[0] !== undefined) throw bad(source, `the adapter lacks ${listed(missing)}`, missing[0]);
  const extra = [...tensors.keys()].filter((name) => !shapes.has(name));
  if (extra[0] !== undefined) throw bad(source, `the adapter has ${listed(extra)}, which the model does not`, extra[0]);
  const values = new Map<string, Float32Array>();
  for (const [name, shape] of shapes) {
    const { data, shape: given } = tensors.get(name) as TensorData;
    const wanted = isTransposed(name, model) ? shape.toReversed() : shape;
    if (given.join() !== wanted.join()) throw bad(source, `tensor ${name} has shape [${given}], but the model wants [${wanted}]`, name);
    values.set(name, isTransposed(name, model) ? transposed(data, given[0] ?? 0, given[1] ?? 0) : Float32Array.from(data));
  }
  return values;
}

/** Shortest ends of names that mean these layers and no other one: what PEFT's `target_modules` lists. */
function shortTargets(layers: readonly string[], others: readonly string[]): string[] {
  const ends = layers.map((layer) => {
    const parts = layer.split('.');
    for (let from = parts.length - 1; from > 0; from -= 1) {
      const end = parts.slice(from).join('.');
      if (!others.some((other) => other.endsWith(`.${end}`))) return end;
    }
    return layer;
  });
  return [...new Set(ends)];
}

/**
 * The files of an adapter folder that PEFT loads (peft 0.17). `others` are the linear layers of the model that have no adapter, `base` is where
 * the model of the adapter is to be found.
 */
export function* serializeAdapter(options: {
  readonly config: LoraConfig & { readonly modulesToSave: readonly string[] };
  readonly layers: readonly string[];
  readonly others: readonly string[];
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; values(): Float32Array }>;
  readonly model: ModelConfig;
  readonly kind: ModelKind;
  readonly base: string | null;
}): Generator<WritableFile> {
  const { config } = options;
  const json = {
    peft_type: 'LORA',
    task_type: options.kind === 'POLICY' ? 'CAUSAL_LM' : 'SEQ_CLS',
    base_model_name_or_path: options.base,
    r: config.rank,
    lora_alpha: config.alpha,
    lora_dropout: 0,
    use_rslora: config.rankStabilised,
    target_modules: shortTargets(options.layers, options.others),
    modules_to_save: config.modulesToSave.length === 0 ? null : config.modulesToSave,
    bias: 'none',
    // GPT-2 keeps its matrices [in, out]
    fan_in_fan_out: options.model.family === 'gpt2',
    init_lora_weights: true,
    inference_mode: true,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);
  yield { name: configFile, size: bytes.length, parts: () => [bytes] };
  const tensors: WritableTensors = new Map(
    [...options.tensors].map(([name, { shape, values }]) => {
      const [rows = 0, columns = 0] = shape;
      const data = isTransposed(name, options.model) ? () => transposed(values(), rows, columns) : values;
      return [prefix + name, { dtype: 'F32', shape: isTransposed(name, options.model) ? shape.toReversed() : shape, data }];
    }),
  );
  yield { name: tensorsFile, ...safetensorsParts(tensors, { format: 'pt' }) };
}
