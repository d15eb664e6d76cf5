import type { TensorData } from '#lib/formats/safetensors';
import type { ModelConfig, ModelKind } from './model-config';

const gpt2Matrix = /^transformer\.h\.\d+\.(?:attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight$/;

/** GPT-2 keeps the matrices of its linear layers `[in, out]` in files. */
export function isTransposed(name: string, config: ModelConfig): boolean {
  return config.family === 'gpt2' && gpt2Matrix.test(name);
}

/** Our name of a tensor of a file: checkpoints of the bare trunk (GPT-2's own among them) leave the first part of the name out. */
export function canonicalName(name: string, config: ModelConfig, known: ReadonlyMap<string, unknown>): string {
  const prefixed = `${config.family === 'gpt2' ? 'transformer' : 'model'}.${name}`;
  return !known.has(name) && known.has(prefixed) ? prefixed : name;
}

/** Tensors that exports carry and nobody reads: constants, and the head of another task. */
export function isIgnored(name: string, config: ModelConfig, kind: ModelKind): boolean {
  if (name.endsWith('.rotary_emb.inv_freq')) return true;
  if (config.family === 'gpt2' && /(?:^|\.)h\.\d+\.attn\.(?:bias|masked_bias)$/.test(name)) return true;
  return name === 'lm_head.weight' && (kind !== 'POLICY' || config.tiedEmbeddings);
}

/** `[rows, columns]` -> `[columns, rows]`. */
export function transposed(data: TensorData['data'], rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) out[column * rows + row] = data[row * columns + column] as number;
  }
  return out;
}
