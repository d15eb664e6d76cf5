import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Parameter, Tensor } from '#lib/ml/engine/engine';
import { GraphRecorder, recordedId } from '#lib/ml/engine/graph-recorder';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import type { NativeTensor } from '#lib/ml/engine/native-runtime';
import { expectGradient, numbers } from './finite-differences';

Object.assign(process.env, nativeEnvironment(2));

describe.each(['native', 'wasm'] as const)('recomputation on %s', (backend) => {
  let engine: Engine;
  let weights: Parameter[];
  let parameters: Map<string, Parameter>;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    weights = [1, 2, 3].map((seed) => engine.parameter(`w${seed}`, [5, 5], numbers(25, seed)));
    parameters = new Map(weights.map((weight) => [weight.name, weight]));
  }, 60_000);
  afterAll(() => {
    for (const weight of weights) weight.dispose();
  });

  /** x + tanh-like bend of x W^T, with several intermediate results. */
  const block = (x: Tensor, weight: Parameter) =>
    engine.add(x, engine.mul(engine.sigmoid(engine.matMul(x, weight.read(), false, true)), engine.square(x)));

  type Layer = (x: Tensor, weight: Parameter) => Tensor;
  const recomputed: Layer = (x, weight) => engine.recompute([x], (given) => block(given as Tensor, weight));

  function gradients(layer: Layer, options: { recorded: boolean; onForward?: () => void }) {
    const result = engine.gradients(
      parameters,
      () => {
        let x = engine.mul(engine.float(numbers(20, 9), [4, 5]), 0.5);
        for (const weight of weights) x = layer(x, weight);
        const loss = engine.mean(engine.square(x));
        options.onForward?.();
        return { loss };
      },
      { recorded: options.recorded },
    );
    const values = [...result.gradients].map(([name, gradient]) => [name, Array.from(engine.read(gradient))] as const);
    engine.dispose([...result.gradients.values()]);
    return { loss: result.loss, values };
  }

  test('agrees with finite differences, for inputs and for what is read inside', () => {
    expectGradient(engine, { a: { shape: [2, 3] }, b: { shape: [3, 3] }, c: { shape: [3] } }, ({ a, b, c }) =>
      engine.mul(
        engine.recompute([a!], (x) => engine.add(engine.sigmoid(engine.matMul(x!, b!)), engine.mul(x!, c!))),
        c!,
      ),
    );
  });

  test('gives the same bits as without, frees everything', () => {
    const before = engine.tensorCount();
    expect(gradients(recomputed, { recorded: false })).toEqual(gradients(block, { recorded: false }));
    expect(engine.tensorCount()).toBe(before);
  });

  test('one inside of another gives the same bits', () => {
    const nested: Layer = (x, weight) =>
      engine.recompute([x], (outer) =>
        recomputed(
          engine.recompute([outer as Tensor], (inner) => engine.square(inner as Tensor)),
          weight,
        ),
      );
    expect(gradients(nested, { recorded: false })).toEqual(gradients((x, weight) => block(engine.square(x), weight), { recorded: false }));
  });

  test('a recorded graph computes the same', () => {
    const plain = gradients(block, { recorded: true });
    const again = gradients(recomputed, { recorded: true });
    expect(again.loss).toBeCloseTo(plain.loss, 6);
    plain.values.forEach(([name, values], index) => {
      expect(again.values[index]?.[0]).toBe(name);
      values.forEach((value, at) => {
        expect(again.values[index]?.[1][at]).toBeCloseTo(value, 6);
      });
    });
  });

  test('keeps one tensor a block until the backward pass', () => {
    const counts: number[] = [];
    const onForward = () => counts.push(engine.tensorCount());
    gradients(block, { recorded: false, onForward });
    gradients(recomputed, { recorded: false, onForward });
    // a block makes five tensors
    expect((counts[0] ?? 0) - (counts[1] ?? 0)).toBe(weights.length * 4);
  });

  test('work that returns what it was given, and work without a tape', () => {
    const { values } = gradients((x, weight) => engine.recompute([block(x, weight)], (given) => given as Tensor), { recorded: false });
    expect(values).toEqual(gradients(block, { recorded: false }).values);
    const before = engine.tensorCount();
    const y = engine.tidy(() => recomputed(engine.float(numbers(20, 9), [4, 5]), weights[0] as Parameter));
    expect(y.shape).toEqual([4, 5]);
    engine.dispose(y);
    expect(engine.tensorCount()).toBe(before);
  });
});

test('recorded work that has to wait says so once for each chain of nodes', () => {
  const tensor = (id = recordedId): NativeTensor => ({ id, shape: [1], dtype: 'float32' });
  const recorder = new GraphRecorder(() => 1);
  const feed = tensor(5);
  const [first, gradient, second, third] = [tensor(), tensor(), tensor(), tensor()] as const;
  recorder.record('Exp', [], [feed], first);
  recorder.record('Neg', [], [first], gradient);
  recorder.after(gradient, () => {
    recorder.record('Exp', [], [feed], second);
    recorder.record('Neg', [], [second], third);
  });
  const { program, signature } = recorder.finish([third]);
  expect(program.nodes.map((node) => (node.kind === 'op' ? node.after : undefined))).toEqual([undefined, undefined, 1, undefined]);
  expect(signature).toContain('^n1');
});
