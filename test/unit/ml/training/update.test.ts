import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Parameters } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { createUpdater } from '#lib/ml/training/update';

Object.assign(process.env, nativeEnvironment(2));

const config = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1e9 };
const start = Float32Array.of(1, -2, 0.5);
const at = { learningRate: 0.1, step: 4 };

describe.each(['native', 'wasm'] as const)('an update on %s', (backend) => {
  let engine: Engine;
  let parameters: Parameters;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    parameters = new Map([['w', engine.parameter('w', [3], start)]]);
  }, 60_000);
  afterAll(() => {
    parameters.get('w')?.dispose();
    expect(engine.tensorCount()).toBe(0);
  });

  const w = () => Array.from(parameters.get('w')?.values() ?? []);

  /** Squared distance of the weights to the given points, divided by how many points the whole batch has. */
  const microbatch = (points: readonly (readonly number[])[], all: number) => () => {
    const differences = points.map((point) => engine.sub(parameters.get('w')?.read() as never, engine.float(point, [3])));
    const squares = differences.map((difference) => engine.sum(engine.square(difference)));
    const loss = engine.mul(
      squares.reduce((sum, each) => engine.add(sum, each)),
      1 / all,
    );
    return { loss, aux: { distance: engine.stopGradient(loss) } };
  };

  const withUpdater = <T>(settings: Partial<typeof config>, work: (updater: ReturnType<typeof createUpdater>) => T): T => {
    parameters.get('w')?.assign(start);
    const adam = engine.adamState(parameters);
    try {
      return work(createUpdater({ engine, name: 'policy', parameters, adam, config: { ...config, ...settings } }));
    } finally {
      adam.dispose();
    }
  };

  const points = [
    [0, 0, 0],
    [1, 1, 1],
    [3, -1, 2],
    [0.5, 0.25, -4],
  ];

  test('makes no difference how the batch is cut', () => {
    const whole = withUpdater({ maxGradientNorm: 1 }, (updater) => ({ report: updater.step([microbatch(points, 4)], at), w: w() }));
    const parts = withUpdater({ maxGradientNorm: 1 }, (updater) => ({
      report: updater.step(
        points.map((point) => microbatch([point], 4)),
        at,
      ),
      w: w(),
    }));
    expect(parts.report.loss).toBeCloseTo(whole.report.loss, 5);
    expect(parts.report.gradientNorm).toBeCloseTo(whole.report.gradientNorm, 5);
    expect(parts.report.aux.map(({ distance }) => distance?.length)).toEqual([1, 1, 1, 1]);
    parts.w.forEach((value, index) => {
      expect(value).toBeCloseTo(whole.w[index] as number, 6);
    });
    // the first step of Adam goes one learning rate against the sign of the gradient
    expect(whole.w[0]).toBeCloseTo(1 + 0.1 * Math.sign(4.5 / 4 - 1), 5);
  });

  test('changes nothing where the forward pass is refused', () => {
    withUpdater({}, (updater) => {
      const seen: number[] = [];
      const report = updater.step([microbatch(points, 4)], {
        ...at,
        accept: ([aux], loss) => {
          seen.push(aux?.distance?.[0] as number, loss);
          return false;
        },
      });
      expect(report).toMatchObject({ applied: false, gradientNorm: 0 });
      expect(seen[0]).toBeCloseTo(seen[1] as number, 4);
      expect(w()).toEqual([...start]);
      expect(updater.adam.step).toBe(0);
    });
  });

  test('names the model and step of a loss that is no number, and frees everything where the judge throws', () => {
    withUpdater({}, (updater) => {
      const broken = () => ({ loss: engine.log(engine.sum(engine.mul(parameters.get('w')?.read() as never, 0))) });
      expect(() => updater.step([microbatch(points, 4), broken], at)).toThrow(
        expect.objectContaining({ code: 'INVARIANT', details: { check: 'finite-loss', model: 'policy', step: 4 } }),
      );
      const before = engine.tensorCount();
      const refuse = () => {
        throw new Error('no');
      };
      expect(() => updater.step([microbatch(points, 4)], { ...at, accept: refuse })).toThrow('no');
      expect(engine.tensorCount()).toBe(before);
      expect(w()).toEqual([...start]);
    });
  });
});
