import { describe, expect, test } from 'vitest';
import { readSafetensors, type TensorData, writeSafetensors } from '#lib/formats/safetensors';
import { type ModelFiles, parseModelFiles, serializeModel } from '#lib/ml/models/hugging-face';
import { tinyLlama } from '../../../support/tiny-llama';

const model = tinyLlama();
const files = serializeModel(model);

function parse(change: {
  config?: Record<string, unknown>;
  weights?: (weights: Map<string, TensorData>) => void;
  tokenizer?: string;
  bytes?: Uint8Array;
}): ModelFiles {
  const weights = new Map(readSafetensors(files['model.safetensors'], 'w'));
  change.weights?.(weights);
  return parseModelFiles({
    config: JSON.stringify({ ...(JSON.parse(files['config.json']) as object), ...change.config }),
    weights: change.bytes ?? writeSafetensors(weights),
    tokenizer: change.tokenizer ?? files['tokenizer.json'],
    source: 'my-model',
  });
}

const queries = 'model.layers.1.self_attn.q_proj.weight';

describe('Hugging Face folder', () => {
  test('what is written reads back', () => {
    const read = parse({});
    expect(read.config).toEqual(model.config);
    expect(read.kind).toBe('POLICY');
    expect([...read.weights.keys()]).toEqual([...model.weights.keys()]);
    expect(read.weights.get(queries)).toEqual(model.weights.get(queries));
    expect(JSON.parse(files['tokenizer_config.json'])).toMatchObject({ bos_token: '<s>', eos_token: '</s>', pad_token: '<unk>' });
    expect(JSON.parse(files['generation_config.json'])).toEqual({ bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 });
  });

  test('a value model keeps its kind and its head', () => {
    const weights = new Map([
      ...model.weights,
      ['score.weight', { dtype: 'F32', shape: [1, 16], data: new Float32Array(16).fill(0.5) }] as const,
    ]);
    const written = serializeModel({ ...model, kind: 'VALUE', weights });
    expect(JSON.parse(written['config.json'])).toMatchObject({ architectures: ['LlamaForSequenceClassification'], num_labels: 1 });
    const read = parseModelFiles({
      config: written['config.json'],
      weights: written['model.safetensors'],
      tokenizer: written['tokenizer.json'],
      source: 'v',
    });
    expect(read.kind).toBe('VALUE');
    expect(read.weights.get('score.weight')?.data[3]).toBe(0.5);
  });

  test('fields that a config may leave out', () => {
    const read = parse({
      config: {
        head_dim: undefined,
        rope_theta: undefined,
        rope_parameters: { rope_theta: 500, rope_type: 'default' },
        pad_token_id: null,
        eos_token_id: [2, 1],
      },
    });
    expect(read.config).toMatchObject({ headSize: 4, ropeTheta: 500, padTokenId: null, eosTokenId: 2, stopTokenIds: [2, 1] });
  });

  test('output weights of a tied model are ignored, those of an untied one are needed', () => {
    const extra = (weights: Map<string, TensorData>) =>
      weights.set('lm_head.weight', model.weights.get('model.embed_tokens.weight') as TensorData);
    expect(parse({ weights: extra }).weights.has('lm_head.weight')).toBe(false);
    expect(parse({ weights: extra, config: { tie_word_embeddings: false } }).weights.has('lm_head.weight')).toBe(true);
    expect(() => parse({ config: { tie_word_embeddings: false } })).toThrow(
      /my-model\/model\.safetensors: the weights lack lm_head\.weight/,
    );
  });

  test.each<[string, Parameters<typeof parse>[0], RegExp]>([
    [
      'an unknown architecture',
      { config: { architectures: ['GPT2LMHeadModel'] } },
      /my-model\/config\.json: the architecture "GPT2LMHeadModel" is not known/,
    ],
    ['an unknown model type', { config: { model_type: 'mamba' } }, /the architecture "mamba" is not known/],
    ['scaled rotary positions', { config: { rope_scaling: { type: 'linear', factor: 2 } } }, /rope_scaling/],
    ['a missing field', { config: { vocab_size: undefined } }, /config\.json: vocab_size is undefined/],
    ['heads that do not divide', { config: { num_key_value_heads: 3 } }, /3 key\/value heads do not divide 4 heads/],
    [
      'a missing tensor',
      { weights: (weights) => weights.delete(queries) },
      /model\.safetensors: the weights lack model\.layers\.1\.self_attn\.q_proj\.weight/,
    ],
    [
      'an extra tensor',
      { weights: (weights) => weights.set('model.layers.7.bias', { dtype: 'F32', shape: [1], data: new Float32Array(1) }) },
      /hold model\.layers\.7\.bias, which this architecture does not have/,
    ],
    [
      'a wrong shape',
      { weights: (weights) => weights.set(queries, { dtype: 'F32', shape: [8, 32], data: new Float32Array(256) }) },
      /q_proj\.weight has shape \[8, 32\], but config\.json asks for \[16, 16\]/,
    ],
    [
      'a NaN',
      {
        weights: (weights) =>
          weights.set('model.norm.weight', { dtype: 'F32', shape: [16], data: new Float32Array(16).fill(Number.NaN, 5, 6) }),
      },
      /model\.norm\.weight holds NaN at position 5/,
    ],
    [
      'whole numbers as weights',
      { weights: (weights) => weights.set('model.norm.weight', { dtype: 'I32', shape: [16], data: new Int32Array(16) }) },
      /whole numbers \(I32\)/,
    ],
    [
      'a larger vocabulary in the tokenizer',
      {
        config: { vocab_size: 100 },
        weights: (weights) => weights.set('model.embed_tokens.weight', { dtype: 'F32', shape: [100, 16], data: new Float32Array(1600) }),
      },
      /tokenizer\.json: the tokenizer has 273 tokens, but the embedding of the model only 100/,
    ],
    ['a tokenizer that is none', { tokenizer: '{"model": 3}' }, /my-model\/tokenizer\.json: model .* no tokenizer\.json/],
    ['a tokenizer that is not JSON', { tokenizer: 'x' }, /my-model\/tokenizer\.json: the file is not JSON/],
    ['weights that are cut off', { bytes: files['model.safetensors'].slice(0, -10) }, /cut off/],
  ])('refuses %s', (_, change, message) => {
    expect(() => parse(change)).toThrow(message);
  });

  test('every refusal is BAD_INPUT with the file in its details', () => {
    try {
      parse({ weights: (weights) => weights.delete(queries) });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_INPUT', details: { file: 'my-model/model.safetensors', tensor: queries } });
    }
  });
});
