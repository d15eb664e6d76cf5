import type { Engine, Parameter, Tensor } from '#lib/ml/engine/engine';
import type { Attend } from './trunk';

/** Large and negative, not -Infinity: a row in which nothing may be attended to must not become NaN. */
export const hiddenScore = -1e9;

const keptTimes = 32;

/** Masks of whole texts, `[time, time]`: 0 where a position may look, else hiddenScore. Padding on the right is out of sight of all that is before it. */
export class CausalMasks {
  private readonly byTime = new Map<number, Parameter>();

  constructor(private readonly engine: Engine) {}

  /** Parameters, so that no scope frees them. */
  of(time: number): Tensor {
    let mask = this.byTime.get(time);
    if (!mask) {
      if (this.byTime.size >= keptTimes) this.dispose();
      const values = new Float32Array(time * time);
      for (let row = 0; row < time; row += 1) values.fill(hiddenScore, row * time + row + 1, (row + 1) * time);
      mask = this.engine.parameter('mask', [time, time], values);
      this.byTime.set(time, mask);
    }
    return mask.read();
  }

  dispose(): void {
    for (const mask of this.byTime.values()) mask.dispose();
    this.byTime.clear();
  }
}

/** Attention over whole rows. Mask `[time, time]`, or `[batch, time, time]` where rows hold several texts. */
export function attendFully(engine: Engine, mask: Tensor): Attend {
  return (_layer, queries, keys, values) => engine.attention(queries, keys, values, mask);
}
