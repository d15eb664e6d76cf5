import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { expectGradient, numbers } from './finite-differences';

Object.assign(process.env, nativeEnvironment(2));

function closeTo(engine: Engine, tensor: Tensor, expected: readonly number[], tolerance = 1e-5): void {
  const values = Array.from(engine.read(tensor));
  expect(values.length).toBe(expected.length);
  values.forEach((value, index) => {
    expect(Math.abs(value - (expected[index] ?? Number.NaN)), `value ${index}: ${value} against ${expected[index]}`).toBeLessThan(
      tolerance,
    );
  });
}

describe.each(['native', 'wasm'] as const)('%s engine', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
  }, 60_000);

  test('says what it is', () => {
    expect(engine.mode()).toMatchObject({ backend, device: 'cpu', threads: backend === 'native' ? 2 : 1 });
    expect(engine.capabilities.library).toMatch(backend === 'native' ? /^TensorFlow 2\./ : /^tfjs wasm 4\./);
  });

  test('multiplies in every orientation', () => {
    // a = [[1 2 3] [4 5 6]], b = [[1 0] [0 1] [1 1]]: a b = [[4 5] [10 11]]
    const a = engine.float([1, 2, 3, 4, 5, 6], [2, 3]);
    const at = engine.float([1, 4, 2, 5, 3, 6], [3, 2]);
    const b = engine.float([1, 0, 0, 1, 1, 1], [3, 2]);
    const bt = engine.float([1, 0, 1, 0, 1, 1], [2, 3]);
    for (const product of [
      engine.matMul(a, b),
      engine.matMul(at, b, true),
      engine.matMul(a, bt, false, true),
      engine.matMul(at, bt, true, true),
    ]) {
      closeTo(engine, product, [4, 5, 10, 11]);
      engine.dispose(product);
    }
    engine.dispose([a, at, b, bt]);
  });

  test('gathers, picks, slices, reduces', () => {
    const out = engine.tidy(() => {
      const table = engine.float([1, 2, 3, 4, 5, 6], [3, 2]);
      return {
        rows: engine.gatherRows(table, engine.int([2, 0, 2], [3])),
        picked: engine.pick(table, engine.int([1, 0, 1], [3])),
        part: engine.slice(table, [1, 1], [2, 1]),
        sums: engine.sum(table, 1),
        means: engine.mean(table, 0, true),
        top: engine.max(table),
        logs: engine.logSoftmax(engine.float([1000, 1000], [1, 2])),
        steps: engine.logSigmoid(engine.float([-100, 0, 100], [3])),
      };
    });
    closeTo(engine, out.rows, [5, 6, 1, 2, 5, 6]);
    closeTo(engine, out.picked, [2, 3, 6]);
    closeTo(engine, out.part, [4, 6]);
    closeTo(engine, out.sums, [3, 7, 11]);
    expect(out.means.shape).toEqual([1, 2]);
    closeTo(engine, out.means, [3, 4]);
    expect(engine.scalar(out.top)).toBe(6);
    closeTo(engine, out.logs, [-Math.LN2, -Math.LN2]);
    closeTo(engine, out.steps, [-100, -Math.LN2, 0]);
    engine.dispose(Object.values(out));
  });

  test('does not keep the memory of the arrays it was given', () => {
    const values = new Float32Array([1, 2]);
    const tensor = engine.float(values, [2]);
    values[0] = 99;
    closeTo(engine, tensor, [1, 2]);
    engine.dispose(tensor);
  });

  test('writes cache rows in place, seen through the old and the new handle', () => {
    const cache = engine.zeros([4, 2]);
    const rows = engine.int([3, 1], [2]);
    const values = engine.float([1, 2, 3, 4], [2, 2]);
    const written = engine.cacheWrite(cache, rows, values);
    closeTo(engine, written, [0, 0, 3, 4, 0, 0, 1, 2]);
    closeTo(engine, cache, [0, 0, 3, 4, 0, 0, 1, 2]);
    engine.dispose([cache, rows, values, written]);
  });

  test('gradients agree with finite differences', () => {
    const e = engine;
    const positive = (count: number) => numbers(count, 3).map((value) => value + 2);
    expectGradient(e, { a: { shape: [2, 3] }, b: { shape: [3, 2] } }, ({ a, b }) => e.matMul(a!, b!));
    expectGradient(e, { a: { shape: [3, 2] }, b: { shape: [3, 4] } }, ({ a, b }) => e.matMul(a!, b!, true));
    expectGradient(e, { a: { shape: [2, 3] }, b: { shape: [4, 3] } }, ({ a, b }) => e.matMul(a!, b!, false, true));
    expectGradient(e, { a: { shape: [3, 2] }, b: { shape: [4, 3] } }, ({ a, b }) => e.matMul(a!, b!, true, true));
    expectGradient(e, { a: { shape: [2, 2, 3] }, b: { shape: [2, 4, 3] } }, ({ a, b }) => e.batchMatMul(a!, b!, false, true));
    expectGradient(e, { a: { shape: [2, 3] }, b: { shape: [3] } }, ({ a, b }) => e.add(e.mul(a!, b!), e.sub(1, b!)));
    expectGradient(e, { a: { shape: [2, 3] }, b: { shape: [2, 1], values: positive(2) } }, ({ a, b }) => e.div(a!, b!));
    expectGradient(e, { a: { shape: [4] }, b: { shape: [4] } }, ({ a, b }) => e.maximum(e.neg(a!), e.minimum(b!, e.square(a!))));
    expectGradient(e, { a: { shape: [4], values: positive(4) } }, ({ a }) => e.mul(e.log(a!), e.rsqrt(a!)));
    expectGradient(e, { a: { shape: [4] } }, ({ a }) => e.add(e.exp(a!), e.add(e.sigmoid(a!), e.logSigmoid(e.mul(a!, 3)))));
    expectGradient(e, { a: { shape: [2, 3] } }, ({ a }) => e.mul(e.softmax(a!), e.logSoftmax(a!)));
    expectGradient(e, { a: { shape: [5], values: Float32Array.of(-2, -0.4, 0.1, 0.4, 2) } }, ({ a }) => e.clip(a!, -0.5, 0.5));
    expectGradient(e, { a: { shape: [2, 3] } }, ({ a }) => e.mul(e.mean(a!, 0), e.add(e.max(a!, 1, true), e.sum(a!))));
    expectGradient(e, { a: { shape: [2, 3] } }, ({ a }) => e.transpose(e.reshape(a!, [3, 2]), [1, 0]));
    expectGradient(e, { a: { shape: [2, 3] }, b: { shape: [2, 2] } }, ({ a, b }) => e.slice(e.concat([a!, b!, a!], 1), [0, 1], [2, 6]));
    expectGradient(e, { a: { shape: [3, 2] } }, ({ a }) => e.gatherRows(a!, e.int([2, 0, 2, 2], [4])));
    expectGradient(e, { a: { shape: [3, 2] } }, ({ a }) => e.pick(a!, e.int([1, 1, 0], [3])));
    expectGradient(e, { a: { shape: [2, 4] }, b: { shape: [4] } }, ({ a, b }) => e.rmsNorm(a!, b!, 1e-5), 1e-2);
    expectGradient(e, { a: { shape: [2, 3] }, b: { shape: [2, 3] } }, ({ a, b }) => e.swiGlu(a!, b!));
    const norm = { a: { shape: [2, 4] }, b: { shape: [4] }, c: { shape: [4] } };
    expectGradient(e, norm, ({ a, b, c }) => e.layerNorm(a!, b!, c!, 1e-5), 1e-2);
    const wide = { a: { shape: [7], values: Float32Array.of(-3, -1.2, -0.3, 0, 0.4, 1.1, 2.5) } };
    for (const form of ['erf', 'tanh'] as const) expectGradient(e, wide, ({ a }) => e.gelu(a!, form));
    expectGradient(e, { a: { shape: [3, 2] }, b: { shape: [4, 2] } }, ({ a, b }) => e.tokenLogProbs(a!, b!, e.int([3, 0, 3], [3]), 1.5));
    // one input used several times, a part without a gradient
    expectGradient(e, { a: { shape: [3] } }, ({ a }) => e.mul(e.mul(a!, a!), e.add(a!, a!)));
  }, 120_000);

  test('a stopped gradient is zero, and so is that of an unused parameter', () => {
    const used = engine.parameter('used', [2], Float32Array.of(1, 2));
    const unused = engine.parameter('unused', [2], Float32Array.of(1, 2));
    const { loss, gradients, aux } = engine.gradients(
      new Map([
        ['used', used],
        ['unused', unused],
      ]),
      () => {
        const stopped = engine.stopGradient(used.read());
        return { loss: engine.sum(engine.mul(stopped, used.read())), aux: { stopped } };
      },
    );
    expect(loss).toBe(5);
    closeTo(engine, gradients.get('used')!, [1, 2]);
    closeTo(engine, gradients.get('unused')!, [0, 0]);
    closeTo(engine, aux.stopped!, [1, 2]);
    engine.dispose([...gradients.values(), ...Object.values(aux)]);
    used.dispose();
    unused.dispose();
  });

  test('Adam with decoupled decay follows the paper', () => {
    const start = [1, -2, 3, 0.5];
    const steps = [
      [0.1, -0.2, 0.3, 0],
      [0.4, 0.1, -0.3, 1e-4],
      [-0.5, 0.2, 0.1, 2],
    ];
    const config = { learningRate: 0.05, beta1: 0.9, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 };
    const parameters = new Map([['w', engine.parameter('w', [2, 2], Float32Array.from(start))]]);
    const state = engine.adamState(parameters);
    const expected = [...start];
    const m = [0, 0, 0, 0];
    const v = [0, 0, 0, 0];
    steps.forEach((gradient, index) => {
      engine.adam(parameters, new Map([['w', engine.float(gradient, [2, 2])]]), state, config);
      gradient.forEach((g, at) => {
        m[at] = 0.9 * m[at]! + 0.1 * g;
        v[at] = 0.95 * v[at]! + 0.05 * g * g;
        const change = m[at]! / (1 - 0.9 ** (index + 1)) / (Math.sqrt(v[at]! / (1 - 0.95 ** (index + 1))) + 1e-3);
        expected[at] = expected[at]! * (1 - 0.05 * 0.1) - 0.05 * change;
      });
    });
    expect(state.step).toBe(3);
    closeTo(engine, parameters.get('w')!.read(), expected);
    closeTo(engine, state.first.get('w')!.read(), m);
    state.dispose();
    for (const parameter of parameters.values()) parameter.dispose();
  });

  test('clips by the global norm and names a tensor that is not finite', () => {
    const gradients = () =>
      new Map([
        ['a', engine.float([3, 0], [2])],
        ['b', engine.float([4], [1])],
      ]);
    const { clipped, norm } = engine.clipByGlobalNorm(gradients(), 1);
    expect(norm).toBeCloseTo(5, 6);
    closeTo(engine, clipped.get('a')!, [0.6, 0]);
    closeTo(engine, clipped.get('b')!, [0.8]);
    engine.dispose([...clipped.values()]);
    const broken = gradients();
    broken.set('layer.3', engine.float([Number.NaN], [1]));
    expect(() => engine.clipByGlobalNorm(broken, 1)).toThrow(/layer\.3 is not finite/);
    engine.dispose([...broken.values()]);
  });

  test('twenty training steps keep the number of tensors', () => {
    const parameters = new Map([
      ['w', engine.parameter('w', [4, 3], numbers(12))],
      ['b', engine.parameter('b', [3], numbers(3))],
    ]);
    const state = engine.adamState(parameters);
    const x = engine.float(numbers(8), [2, 4]);
    const losses: number[] = [];
    const counts: number[] = [];
    for (let step = 0; step < 20; step += 1) {
      const { loss, gradients } = engine.gradients(parameters, () => {
        const y = engine.add(engine.matMul(x, parameters.get('w')!.read()), parameters.get('b')!.read());
        return { loss: engine.mean(engine.square(y)) };
      });
      const { clipped } = engine.clipByGlobalNorm(gradients, 0.5);
      engine.adam(parameters, clipped, state, { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
      losses.push(loss);
      counts.push(engine.tensorCount());
    }
    expect(losses[19]!).toBeLessThan(losses[0]! / 10);
    expect(new Set(counts.slice(1)).size).toBe(1);
    engine.dispose(x);
    state.dispose();
    for (const parameter of parameters.values()) parameter.dispose();
  });

  test('a failing piece of work frees what it had made', () => {
    const before = engine.tensorCount();
    expect(() =>
      engine.tidy(() => {
        engine.zeros([3]);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(engine.tensorCount()).toBe(before);
  });
});

test('native is refused with a remedy where its library is missing', async () => {
  const lines: string[] = [];
  await expect(createEngine({ backend: 'native', nativeLibrary: '/does/not/exist.node' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    remedy: expect.stringContaining('setup tensorflow'),
  });
  const engine = await createEngine({ backend: 'auto', nativeLibrary: '/does/not/exist.node', log: (line) => lines.push(line) });
  expect(engine.capabilities.backend).toBe('wasm');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('not set up');
});
