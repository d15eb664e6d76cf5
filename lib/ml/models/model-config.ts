import { z } from 'zod';
import { type Gpt2Config, parseGpt2Config, serializeGpt2Config } from './gpt2-config';
import { type LlamaConfig, parseLlamaConfig, serializeLlamaConfig } from './llama-config';
import { configError, objectOf, readJson } from './read-config';

export type { LlamaConfig } from './llama-config';

/** The shape of a model, without its weights. `family` says which computation it is, `modelType` the name that it has elsewhere. */
export type ModelConfig = LlamaConfig | Gpt2Config;

export type ModelKind = 'POLICY' | 'REWARD' | 'VALUE';

const classes = { llama: 'Llama', mistral: 'Mistral', qwen2: 'Qwen2', qwen3: 'Qwen3', gpt2: 'GPT2' } as const;
const languageModelClass = (type: ModelConfig['modelType']) => (type === 'gpt2' ? 'GPT2LMHeadModel' : `${classes[type]}ForCausalLM`);
const scalarModelClass = (type: ModelConfig['modelType']) => `${classes[type]}ForSequenceClassification`;

const kindFields = z.object({
  architectures: z.array(z.string()).min(1).nullish(),
  plumbline_kind: z.enum(['POLICY', 'REWARD', 'VALUE']).optional(),
  id2label: z.record(z.string(), z.unknown()).nullish(),
});

/** What the model puts out: its architecture says so, and for one of ours whether it is a reward or a value model. */
function parseKind(json: Readonly<Record<string, unknown>>, type: ModelConfig['modelType'], source: string): ModelKind {
  const parsed = kindFields.safeParse(json);
  if (!parsed.success) {
    const field = String(parsed.error.issues[0]?.path[0]);
    throw configError(source, `${field} is ${JSON.stringify(json[field])}: ${parsed.error.issues[0]?.message}.`, field);
  }
  const { architectures, id2label, plumbline_kind: named } = parsed.data;
  const known = [languageModelClass(type), `${classes[type]}Model`, scalarModelClass(type)];
  const strange = architectures?.find((name) => !known.includes(name));
  if (strange !== undefined) throw configError(source, `the architecture ${JSON.stringify(strange)} is not known.`, 'architectures');
  const scalar = architectures?.includes(scalarModelClass(type)) ?? false;
  const kind = named ?? (scalar ? 'REWARD' : 'POLICY');
  if ((kind !== 'POLICY') !== scalar)
    throw configError(source, `plumbline_kind ${kind} does not go with ${architectures?.join(', ')}.`, 'plumbline_kind');
  const labels = Object.keys(id2label ?? { 0: '' }).length;
  if (scalar && labels !== 1) throw configError(source, `id2label names ${labels} classes; a scalar head has one.`, 'id2label');
  return kind;
}

/** The config.json of a Hugging Face folder. Throws BAD_INPUT naming the file and the field: nothing that changes the result is passed over. */
export function parseConfig(text: string, source: string): { config: ModelConfig; kind: ModelKind } {
  const json = objectOf(readJson(text, source), source);
  const type = json.model_type;
  if (typeof type !== 'string' || !Object.hasOwn(classes, type)) {
    throw configError(source, `the architecture ${JSON.stringify(type)} is not known.`, 'model_type');
  }
  const modelType = type as ModelConfig['modelType'];
  const kind = parseKind(json, modelType, source);
  const config = modelType === 'gpt2' ? parseGpt2Config(json, source) : parseLlamaConfig(json, modelType, source);
  return { config, kind };
}

/** config.json as Hugging Face transformers reads it. */
export function serializeConfig(config: ModelConfig, kind: ModelKind): string {
  const scalar = kind !== 'POLICY';
  const stops = config.stopTokenIds;
  const file = {
    architectures: [scalar ? scalarModelClass(config.modelType) : languageModelClass(config.modelType)],
    model_type: config.modelType,
    vocab_size: config.vocabSize,
    ...(config.family === 'gpt2' ? serializeGpt2Config(config) : serializeLlamaConfig(config)),
    tie_word_embeddings: config.tiedEmbeddings,
    bos_token_id: config.bosTokenId,
    eos_token_id: stops.length > 1 ? stops : (stops[0] ?? null),
    // sequence classification finds the last real token by the padding token
    pad_token_id: config.padTokenId,
    ...(scalar ? { num_labels: 1, id2label: { 0: 'score' }, label2id: { score: 0 } } : {}),
    torch_dtype: 'float32',
    plumbline_kind: kind,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
