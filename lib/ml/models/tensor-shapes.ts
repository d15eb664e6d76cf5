import type { Gpt2Config } from './gpt2-config';
import type { LlamaConfig } from './llama-config';
import type { ModelConfig, ModelKind } from './model-config';

type Shapes = Map<string, readonly number[]>;

function llamaShapes(config: LlamaConfig): Shapes {
  const { biases, hiddenSize: d, intermediateSize: f, headSize, heads, keyValueHeads, vocabSize } = config;
  const shapes: Shapes = new Map([['model.embed_tokens.weight', [vocabSize, d]]]);
  for (let layer = 0; layer < config.layers; layer += 1) {
    const put = (part: string, shape: readonly number[]) => shapes.set(`model.layers.${layer}.${part}`, shape);
    const linear = (part: string, rows: number, columns: number, bias: boolean) => {
      put(`${part}.weight`, [rows, columns]);
      if (bias) put(`${part}.bias`, [rows]);
    };
    put('input_layernorm.weight', [d]);
    linear('self_attn.q_proj', heads * headSize, d, biases.attention);
    linear('self_attn.k_proj', keyValueHeads * headSize, d, biases.attention);
    linear('self_attn.v_proj', keyValueHeads * headSize, d, biases.attention);
    linear('self_attn.o_proj', d, heads * headSize, biases.output);
    if (config.qkNorm) {
      put('self_attn.q_norm.weight', [headSize]);
      put('self_attn.k_norm.weight', [headSize]);
    }
    put('post_attention_layernorm.weight', [d]);
    linear('mlp.gate_proj', f, d, biases.mlp);
    linear('mlp.up_proj', f, d, biases.mlp);
    linear('mlp.down_proj', d, f, biases.mlp);
  }
  return shapes.set('model.norm.weight', [d]);
}

function gpt2Shapes(config: Gpt2Config): Shapes {
  const { contextLength, hiddenSize: d, intermediateSize: f, vocabSize } = config;
  const shapes: Shapes = new Map([
    ['transformer.wte.weight', [vocabSize, d]],
    ['transformer.wpe.weight', [contextLength, d]],
  ]);
  for (let layer = 0; layer < config.layers; layer += 1) {
    const both = (part: string, weight: readonly number[], bias: number) => {
      shapes.set(`transformer.h.${layer}.${part}.weight`, weight);
      shapes.set(`transformer.h.${layer}.${part}.bias`, [bias]);
    };
    both('ln_1', [d], d);
    both('attn.c_attn', [3 * d, d], 3 * d);
    both('attn.c_proj', [d, d], d);
    both('ln_2', [d], d);
    both('mlp.c_fc', [f, d], f);
    both('mlp.c_proj', [d, f], d);
  }
  return shapes.set('transformer.ln_f.weight', [d]).set('transformer.ln_f.bias', [d]);
}

/**
 * Every tensor that a model of this configuration has, with its shape; names of Hugging Face transformers. Matrices of linear layers are
 * `[out, in]` in every family, also GPT-2's, which lie `[in, out]` in files.
 */
export function tensorShapes(config: ModelConfig, kind: ModelKind): Shapes {
  const shapes = config.family === 'gpt2' ? gpt2Shapes(config) : llamaShapes(config);
  if (kind !== 'POLICY') shapes.set('score.weight', [1, config.hiddenSize]);
  else if (!config.tiedEmbeddings) shapes.set('lm_head.weight', [config.vocabSize, config.hiddenSize]);
  return shapes;
}
