import type { ModelFiles } from '#lib/ml/models/hugging-face';

/** y = W x for W `[rows, columns]`. */
function product(weights: ArrayLike<number>, x: readonly number[]): number[] {
  const rows = weights.length / x.length;
  return Array.from({ length: rows }, (_, row) => x.reduce((sum, value, column) => sum + value * weights[row * x.length + column]!, 0));
}

/** One sequence through a llama, written out with loops in float64; logits of every position. The textbook to test against. */
export function forwardInFloat64(files: ModelFiles, tokens: readonly number[]): number[][] {
  const { config } = files;
  if (config.family !== 'llama') throw new Error('a llama is needed');
  const { theta } = config.rope;
  const { headSize, heads, hiddenSize, keyValueHeads } = config;
  const weight = (name: string) => files.weights.get(`${name}.weight`)!.data;
  const norm = (x: readonly number[], scale: ArrayLike<number>) => {
    const root = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + config.normEpsilon);
    return x.map((value, index) => (value / root) * scale[index]!);
  };
  const rotate = (vector: readonly number[], position: number) =>
    vector.map((value, index) => {
      const within = index % headSize;
      const half = headSize / 2;
      const pair = within % half;
      const angle = position * theta ** ((-2 * pair) / headSize);
      const partner = within < half ? -vector[index + half]! : vector[index - half]!;
      return value * Math.cos(angle) + partner * Math.sin(angle);
    });
  const embedding = weight('model.embed_tokens');
  let states = tokens.map((token) => Array.from(embedding.slice(token * hiddenSize, (token + 1) * hiddenSize)));
  for (let layer = 0; layer < config.layers; layer += 1) {
    const name = (part: string) => weight(`model.layers.${layer}.${part}`);
    const inputs = states.map((x) => norm(x, name('input_layernorm')));
    const queries = inputs.map((x, position) => rotate(product(name('self_attn.q_proj'), x), position));
    const keys = inputs.map((x, position) => rotate(product(name('self_attn.k_proj'), x), position));
    const values = inputs.map((x) => product(name('self_attn.v_proj'), x));
    states = states.map((state, position) => {
      const mixed: number[] = [];
      for (let head = 0; head < heads; head += 1) {
        const group = Math.floor(head / (heads / keyValueHeads));
        const scores = keys.slice(0, position + 1).map((key) => {
          let sum = 0;
          for (let i = 0; i < headSize; i += 1) sum += queries[position]![head * headSize + i]! * key[group * headSize + i]!;
          return Math.exp(sum / Math.sqrt(headSize));
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        for (let i = 0; i < headSize; i += 1) {
          mixed.push(scores.reduce((sum, score, from) => sum + (score / total) * values[from]![group * headSize + i]!, 0));
        }
      }
      const attended = product(name('self_attn.o_proj'), mixed).map((value, index) => value + state[index]!);
      const x = norm(attended, name('post_attention_layernorm'));
      const up = product(name('mlp.up_proj'), x);
      const gated = product(name('mlp.gate_proj'), x).map((value, index) => (value / (1 + Math.exp(-value))) * up[index]!);
      return product(name('mlp.down_proj'), gated).map((value, index) => value + attended[index]!);
    });
  }
  const output = config.tiedEmbeddings ? embedding : weight('lm_head');
  return states.map((state) => product(output, norm(state, weight('model.norm'))));
}
