import { describe, expect, test } from 'vitest';
import { parseConfig } from '#lib/ml/models/model-config';
import { rotaryFrequencies } from '#lib/ml/nn/rotary-frequencies';

/** Heads of 16, as transformers 4.57.3 computes them (`LlamaRotaryEmbedding.inv_freq` and `attention_scaling`). */
const reference: [string, object, number[], number][] = [
  [
    'plain',
    { rope_theta: 10_000 },
    [1, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786, 0.00100000005, 0.000316227786],
    1,
  ],
  [
    'linear',
    { rope_theta: 10_000, rope_scaling: { rope_type: 'linear', factor: 4 } },
    [0.25, 0.079056941, 0.0250000004, 0.00790569466, 0.00249999994, 0.000790569466, 0.000250000012, 7.90569466e-5],
    1,
  ],
  [
    'llama 3.1',
    {
      rope_theta: 500_000,
      max_position_embeddings: 131_072,
      rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 },
    },
    [1, 0.193922758, 0.0376060307, 0.00729266508, 0.000524846022, 3.42810235e-5, 6.64786967e-6, 1.28917316e-6],
    1,
  ],
  [
    'YaRN as Qwen uses it',
    {
      rope_theta: 1_000_000,
      max_position_embeddings: 32_768,
      rope_scaling: { type: 'yarn', factor: 4, original_max_position_embeddings: 32_768 },
    },
    [1, 0.177827939, 0.0316227786, 0.00421755994, 0.000500000024, 4.44569851e-5, 7.90569356e-6, 1.40585337e-6],
    1.138629436111989,
  ],
  [
    'YaRN with every option',
    {
      rope_theta: 10_000,
      max_position_embeddings: 4096,
      rope_scaling: {
        rope_type: 'yarn',
        factor: 8,
        original_max_position_embeddings: 4096,
        beta_fast: 16,
        beta_slow: 2,
        truncate: false,
        mscale: 1.2,
        mscale_all_dim: 0.8,
      },
    },
    [1, 0.316227764, 0.100000001, 0.0316227786, 0.00622188905, 0.000435575581, 0.000125000006, 3.95284733e-5],
    1.071314169878699,
  ],
  [
    'dynamic, within the context',
    { rope_theta: 10_000, rope_scaling: { rope_type: 'dynamic', factor: 4 } },
    [1, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786, 0.00100000005, 0.000316227786],
    1,
  ],
];

describe('rotary frequencies', () => {
  test.each(reference)('%s', (_, fields, frequencies, attentionFactor) => {
    const { config } = parseConfig(
      JSON.stringify({
        model_type: 'llama',
        vocab_size: 8,
        hidden_size: 64,
        intermediate_size: 8,
        num_hidden_layers: 1,
        num_attention_heads: 4,
        max_position_embeddings: 64,
        rms_norm_eps: 1e-5,
        ...fields,
      }),
      'm',
    );
    if (config.family !== 'llama') throw new Error('a llama was parsed');
    const found = rotaryFrequencies(config.headSize, config.rope);
    expect(found.attentionFactor).toBeCloseTo(attentionFactor, 12);
    expect(found.frequencies.length).toBe(frequencies.length);
    found.frequencies.forEach((value, pair) => {
      expect(value / frequencies[pair]!, `pair ${pair}`).toBeCloseTo(1, 6);
    });
  });
});
