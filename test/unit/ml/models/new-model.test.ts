import { describe, expect, test } from 'vitest';
import { parseConfig } from '#lib/ml/models/model-config';
import { newModel } from '#lib/ml/models/new-model';

const llama = {
  model_type: 'llama',
  vocab_size: 50,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  max_position_embeddings: 16,
  rms_norm_eps: 1e-5,
  attention_bias: true,
};
const gpt2 = { model_type: 'gpt2', vocab_size: 50, n_embd: 64, n_layer: 2, n_head: 4, n_positions: 16 };

function deviation(values: ArrayLike<number>): number {
  const all = Array.from(values);
  return Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length);
}

describe.each([
  [
    'llama',
    llama,
    ['model.layers.1.self_attn.o_proj', 'model.layers.0.mlp.down_proj'],
    ['model.embed_tokens', 'model.layers.0.self_attn.q_proj', 'lm_head'],
  ],
  [
    'gpt2',
    gpt2,
    ['transformer.h.1.attn.c_proj', 'transformer.h.0.mlp.c_proj'],
    ['transformer.wte', 'transformer.h.0.attn.c_attn', 'transformer.h.1.mlp.c_fc'],
  ],
])('a new %s', (_, json, residual, others) => {
  const { config } = parseConfig(JSON.stringify(json), 'new');
  const model = newModel(config, 3);
  const data = (name: string) => model.weights.get(name)!.data;

  test('weights spread by 0.02, those of the residual stream by half of it for two layers', () => {
    for (const part of others) expect(deviation(data(`${part}.weight`)) / 0.02, part).toBeCloseTo(1, 1);
    for (const part of residual) expect(deviation(data(`${part}.weight`)) / 0.01, part).toBeCloseTo(1, 1);
  });

  test('norms at 1, biases at 0, everything there', () => {
    for (const [name, tensor] of model.weights) {
      if (/norm|ln_/.test(name) && name.endsWith('.weight')) expect(new Set(tensor.data), name).toEqual(new Set([1]));
      if (name.endsWith('.bias')) expect(new Set(tensor.data), name).toEqual(new Set([0]));
    }
    expect([...model.weights.keys()].some((name) => name.endsWith('.bias'))).toBe(true);
  });

  test('the seed decides, tensor by tensor', () => {
    expect(newModel(config, 3).weights).toEqual(model.weights);
    const [name = ''] = residual;
    expect(newModel(config, 4).weights.get(`${name}.weight`)!.data[0]).not.toBe(data(`${name}.weight`)[0]);
    expect(data(`${residual[0]}.weight`)[0]! / data(`${residual[1]}.weight`)[0]!).not.toBeCloseTo(1, 3);
  });
});
