import { describe, expect, test } from 'vitest';
import { type ModelConfig, parseConfig, serializeConfig } from '#lib/ml/models/model-config';

const llama = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  vocab_size: 32,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
};
const typed = (type: string, name: string, change: object = {}) => ({
  ...llama,
  model_type: type,
  architectures: [`${name}ForCausalLM`],
  ...change,
});
const gpt2 = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: 32, n_positions: 64, n_embd: 16, n_layer: 2, n_head: 4 };

const parse = (json: object): ModelConfig => parseConfig(JSON.stringify(json), 'm/config.json').config;
const none = { attention: false, output: false, mlp: false };

describe('config.json', () => {
  test('what a file leaves out is as transformers takes it, type by type', () => {
    expect(parse(llama)).toMatchObject({
      family: 'llama',
      keyValueHeads: 4,
      headSize: 4,
      rope: { theta: 10_000, scaling: null },
      biases: none,
      qkNorm: false,
      tiedEmbeddings: false,
      bosTokenId: 1,
      eosTokenId: 2,
      stopTokenIds: [2],
      padTokenId: null,
    });
    expect(parse(typed('mistral', 'Mistral', { num_attention_heads: 8, sliding_window: null }))).toMatchObject({
      keyValueHeads: 8,
      biases: none,
    });
    expect(parse(typed('qwen2', 'Qwen2', { num_key_value_heads: 2 }))).toMatchObject({
      biases: { ...none, attention: true },
      stopTokenIds: [],
    });
    expect(parse(typed('qwen3', 'Qwen3', { num_key_value_heads: 2 }))).toMatchObject({ headSize: 128, qkNorm: true, biases: none });
    expect(parse(gpt2)).toMatchObject({
      family: 'gpt2',
      intermediateSize: 64,
      headSize: 4,
      activation: 'gelu_new',
      normEpsilon: 1e-5,
      tiedEmbeddings: true,
      stopTokenIds: [50256],
    });
    expect(parse({ ...gpt2, n_inner: 40, activation_function: 'gelu' })).toMatchObject({ intermediateSize: 40, activation: 'gelu' });
  });

  test('biases', () => {
    expect(parse({ ...llama, attention_bias: true })).toMatchObject({ biases: { attention: true, output: true, mlp: false } });
    expect(parse({ ...llama, mlp_bias: true })).toMatchObject({ biases: { ...none, mlp: true } });
    expect(parse(typed('qwen3', 'Qwen3', { num_key_value_heads: 2, attention_bias: true }))).toMatchObject({
      biases: { attention: true, output: true },
    });
  });

  test('a window as long as the context hides nothing and is kept', () => {
    expect(parse(typed('mistral', 'Mistral', { num_key_value_heads: 2, sliding_window: 64 }))).toMatchObject({ slidingWindow: 64 });
    const qwen = typed('qwen2', 'Qwen2', { num_key_value_heads: 2, sliding_window: 8 });
    expect(parse({ ...qwen, use_sliding_window: false })).toMatchObject({ slidingWindow: null });
    expect(parse({ ...qwen, use_sliding_window: true, max_window_layers: 2 })).toMatchObject({ slidingWindow: null });
  });

  test('rotary positions by either spelling', () => {
    const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };
    const scaling = { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 32 };
    for (const config of [
      { rope_theta: 500, rope_scaling: { rope_type: 'llama3', ...llama3 } },
      { rope_theta: 500, rope_scaling: { type: 'llama3', ...llama3 } },
      { rope_parameters: { rope_type: 'llama3', rope_theta: 500, ...llama3 } },
    ]) {
      expect(parse({ ...llama, ...config })).toMatchObject({ rope: { theta: 500, scaling } });
    }
    expect(parse({ ...llama, rope_scaling: { type: 'linear', factor: 2 } })).toMatchObject({
      rope: { scaling: { type: 'linear', factor: 2 } },
    });
    expect(parse({ ...llama, rope_scaling: { rope_type: 'default' } })).toMatchObject({ rope: { scaling: null } });
  });

  test('the attention factor of YaRN: 0.1 ln 4 + 1, or as the file says', () => {
    const yarn = (change: object) => parse({ ...llama, rope_scaling: { rope_type: 'yarn', factor: 4, ...change } });
    const factorOf = (change: object) => {
      const config = yarn(change);
      return config.family === 'llama' && config.rope.scaling?.type === 'yarn' ? config.rope.scaling.attentionFactor : Number.NaN;
    };
    expect(factorOf({})).toBeCloseTo(1.1386294361, 9);
    expect(factorOf({ attention_factor: 1.5 })).toBe(1.5);
    expect(factorOf({ mscale: 1, mscale_all_dim: 1 })).toBe(1);
    expect(yarn({})).toMatchObject({ rope: { scaling: { betaFast: 32, betaSlow: 1, originalContextLength: 64, truncate: true } } });
  });

  test.each([
    [
      'llama',
      {
        ...llama,
        attention_bias: true,
        mlp_bias: true,
        rope_scaling: { rope_type: 'yarn', factor: 4, beta_fast: 16 },
        eos_token_id: [2, 3],
      },
    ],
    [
      'llama 3',
      {
        ...llama,
        rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 },
      },
    ],
    ['mistral', typed('mistral', 'Mistral', { num_key_value_heads: 2, sliding_window: 100 })],
    ['qwen2', typed('qwen2', 'Qwen2', { num_key_value_heads: 2, bos_token_id: 5, tie_word_embeddings: true })],
    ['qwen3', typed('qwen3', 'Qwen3', { num_key_value_heads: 2, head_dim: 8, attention_bias: true, eos_token_id: 7 })],
    [
      'gpt2',
      { ...gpt2, n_inner: 48, tie_word_embeddings: false, activation_function: 'relu', eos_token_id: 3, bos_token_id: 3, pad_token_id: 4 },
    ],
  ])('%s: what is written reads back the same', (_, json) => {
    const config = parse(json);
    for (const kind of ['POLICY', 'REWARD', 'VALUE'] as const) {
      expect(parseConfig(serializeConfig(config, kind), 'again')).toEqual({ config, kind });
    }
  });

  test.each<[string, object, RegExp, string]>([
    ['another architecture', { ...llama, model_type: 'mamba' }, /the architecture "mamba" is not known/, 'model_type'],
    [
      'an architecture of another type',
      { ...llama, architectures: ['GPT2LMHeadModel'] },
      /"GPT2LMHeadModel" is not known/,
      'architectures',
    ],
    ['no architecture', { ...llama, model_type: undefined }, /the architecture undefined is not known/, 'model_type'],
    [
      'a real sliding window',
      typed('mistral', 'Mistral', { num_key_value_heads: 2, sliding_window: 32 }),
      /sliding_window is 32, shorter than/,
      'sliding_window',
    ],
    [
      'the usual window of Mistral',
      typed('mistral', 'Mistral', { num_key_value_heads: 2, max_position_embeddings: 8192 }),
      /sliding_window is 4096/,
      'sliding_window',
    ],
    [
      'a window in some layers',
      typed('qwen3', 'Qwen3', { num_key_value_heads: 2, use_sliding_window: true, sliding_window: 8, max_window_layers: 1 }),
      /sliding_window is 8/,
      'sliding_window',
    ],
    [
      'chunked layers',
      { ...llama, layer_types: ['full_attention', 'chunked_attention'] },
      /layer_types holds "chunked_attention"/,
      'layer_types',
    ],
    ['experts', { ...llama, num_local_experts: 8 }, /num_local_experts is 8/, 'num_local_experts'],
    ['quantised weights', { ...llama, quantization_config: { bits: 4 } }, /quantization_config/, 'quantization_config'],
    ['capped logits', { ...llama, final_logit_softcapping: 30 }, /final_logit_softcapping is 30/, 'final_logit_softcapping'],
    ['partly rotary heads', { ...llama, partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0.5/, 'partial_rotary_factor'],
    [
      'partly rotary heads inside',
      { ...llama, rope_parameters: { partial_rotary_factor: 0.5 } },
      /rope_parameters\.partial_rotary_factor is 0.5/,
      'rope_parameters.partial_rotary_factor',
    ],
    ['long rope', { ...llama, rope_scaling: { type: 'longrope', factor: 2 } }, /asks for "longrope"/, 'rope_scaling'],
    [
      'an unknown field of the scaling',
      { ...llama, rope_scaling: { type: 'linear', factor: 2, mrope_section: [1] } },
      /rope_scaling\.mrope_section/,
      'rope_scaling.mrope_section',
    ],
    [
      'a scaling without its factor',
      { ...llama, rope_scaling: { type: 'linear' } },
      /rope_scaling\.factor is undefined/,
      'rope_scaling.factor',
    ],
    [
      'two scalings',
      { ...llama, rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: { rope_type: 'linear', factor: 4 } },
      /different angles/,
      'rope_parameters',
    ],
    ['two bases', { ...llama, rope_theta: 10, rope_parameters: { rope_theta: 20 } }, /rope_theta is 10 in one place and 20/, 'rope_theta'],
    ['another activation', { ...llama, hidden_act: 'gelu' }, /hidden_act is "gelu"/, 'hidden_act'],
    [
      'biases that Mistral lacks',
      typed('mistral', 'Mistral', { num_attention_heads: 8, sliding_window: null, attention_bias: true }),
      /attention_bias/,
      'attention_bias',
    ],
    ['scores without scale', { ...gpt2, scale_attn_weights: false }, /scale_attn_weights is false/, 'scale_attn_weights'],
    [
      'scores by layer',
      { ...gpt2, scale_attn_by_inverse_layer_idx: true },
      /scale_attn_by_inverse_layer_idx/,
      'scale_attn_by_inverse_layer_idx',
    ],
    ['cross attention', { ...gpt2, add_cross_attention: true }, /add_cross_attention/, 'add_cross_attention'],
    ['heads that do not divide', { ...gpt2, n_head: 3 }, /3 heads do not divide a width of 16/, 'n_head'],
    ['odd heads', { ...llama, num_attention_heads: 16 }, /16 heads do not divide a width of 16 into even parts/, 'num_attention_heads'],
    ['groups that do not divide', { ...llama, num_key_value_heads: 3 }, /3 key\/value heads do not divide 4 heads/, 'num_key_value_heads'],
    ['a missing field', { ...llama, vocab_size: undefined }, /vocab_size is undefined/, 'vocab_size'],
    [
      'two classes',
      { ...llama, architectures: ['LlamaForSequenceClassification'], id2label: { 0: 'a', 1: 'b' } },
      /id2label names 2 classes/,
      'id2label',
    ],
    [
      'a kind that does not fit',
      { ...llama, plumbline_kind: 'VALUE' },
      /plumbline_kind VALUE does not go with LlamaForCausalLM/,
      'plumbline_kind',
    ],
  ])('refuses %s by name', (_, json, message, field) => {
    expect(() => parse(json)).toThrow(message);
    try {
      parse(json);
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_INPUT', details: { file: 'm/config.json', field } });
    }
  });

  test('refuses what is no JSON object', () => {
    expect(() => parseConfig('x', 'm')).toThrow(/m: the file is not JSON/);
    expect(() => parseConfig('[]', 'm')).toThrow(/m: the file holds no JSON object/);
  });
});
