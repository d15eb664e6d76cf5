import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorData } from '#lib/formats/safetensors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { Ema } from '#lib/ml/optim/ema';

describe('Ema', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  it('follows the weights by its decay, from where they were, and goes on from what it stored', () => {
    const parameter = engine.parameter('w', [2], Float32Array.of(1, -2));
    const parameters = new Map([['w', parameter]]);
    const ema = new Ema(parameters, 0.75, 'average');
    parameter.assign(Float32Array.of(5, 2));
    ema.update();
    const stored: Record<string, TensorData> = {};
    ema.exportInto(stored);
    // 0.75 * (1, -2) + 0.25 * (5, 2)
    expect([...(stored['average.w']!.data as Float32Array)]).toEqual([2, -1]);
    const again = new Ema(parameters, 0.75, 'average', stored);
    parameter.assign(Float32Array.of(10, 3));
    again.update();
    expect(again.withAverages(() => [...parameter.values()])).toEqual([4, 0]);
    expect([...parameter.values()]).toEqual([10, 3]);
    // what was stored is a copy
    expect([...(stored['average.w']!.data as Float32Array)]).toEqual([2, -1]);
    expect(() => new Ema(parameters, 0.75, 'average', {})).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', details: { tensor: 'average.w' } }),
    );
    parameter.dispose();
  });
});
