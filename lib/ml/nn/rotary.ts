import type { Engine, Parameter, Tensor } from '#lib/ml/engine/engine';
import type { LlamaConfig } from '#lib/ml/models/llama-config';
import { rotaryFrequencies } from './rotary-frequencies';

/**
 * Rotary positions: cos and sin of every position, as parameters, so that recorded graphs can read them. Those of the queries hold the
 * 1 / sqrt(headSize) of the attention scores as well.
 */
export class Rotary {
  private readonly queries: Parameter;
  private readonly keys: Parameter;

  constructor(
    private readonly engine: Engine,
    private readonly config: LlamaConfig,
  ) {
    const { contextLength, headSize } = config;
    const table = new Float32Array(contextLength * headSize);
    const { attentionFactor, frequencies } = rotaryFrequencies(headSize, config.rope);
    for (let position = 0; position < contextLength; position += 1) {
      frequencies.forEach((frequency, pair) => {
        const at = position * headSize + 2 * pair;
        // in float32, as the models were trained: far out in a long context the rounding of the angle can be seen
        const angle = Math.fround(position * frequency);
        table[at] = Math.cos(angle) * attentionFactor;
        table[at + 1] = Math.sin(angle) * attentionFactor;
      });
    }
    this.keys = engine.parameter('rotary-keys', [contextLength, headSize], table);
    this.queries = engine.parameter(
      'rotary-queries',
      [contextLength, headSize],
      table.map((value) => value / Math.sqrt(headSize)),
    );
  }

  /** cos and sin by pair for positions `[n]`: each `[n, headSize]`. */
  turns(positions: Tensor): { readonly queries: Tensor; readonly keys: Tensor } {
    return {
      queries: this.engine.gatherRows(this.queries.read(), positions),
      keys: this.engine.gatherRows(this.keys.read(), positions),
    };
  }

  /**
   * Checkpoints pair column i of a head with i + headSize / 2; here a pair lies side by side, as one complex number. Scores do not change
   * when queries and keys are put into the same new order. Weight rows `[heads * headSize, ...]`.
   */
  sideBySide(rows: Tensor, heads: number): Tensor {
    const { engine } = this;
    const half = this.config.headSize / 2;
    const rest = rows.shape.slice(1);
    // [heads * headSize, ...] -> [heads, 2, headSize / 2, ...] -> [heads, headSize / 2, 2, ...] -> [heads * headSize, ...]
    const halves = engine.reshape(rows, [heads, 2, half, ...rest]);
    const pairs = engine.transpose(halves, [0, 2, 1, ...rest.map((_, axis) => axis + 3)]);
    return engine.reshape(pairs, rows.shape);
  }

  dispose(): void {
    this.keys.dispose();
    this.queries.dispose();
  }
}
