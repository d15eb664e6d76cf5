import { expect } from 'vitest';
import type { Engine, Tensor } from '#lib/ml/engine/engine';

/** Numbers in [-1, 1) that look random and are the same every time. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/**
 * Compares the engine's gradient of sum(weights * f(inputs)) with central differences, for every value of every input.
 * Float32: differences are good to about 1e-3.
 */
export function expectGradient(
  engine: Engine,
  inputs: Readonly<Record<string, { shape: readonly number[]; values?: Float32Array }>>,
  f: (tensors: Record<string, Tensor>) => Tensor,
  tolerance = 5e-3,
): void {
  const entries = Object.entries(inputs).map(([name, { shape, values }], index) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { name, shape, values: values ?? numbers(size, index + 7) };
  });
  const parameters = new Map(entries.map(({ name, shape, values }) => [name, engine.parameter(name, shape, values)]));
  const loss = () =>
    engine.tidy(() => {
      const y = f(Object.fromEntries([...parameters].map(([name, parameter]) => [name, parameter.read()])));
      const size = y.shape.reduce((product, length) => product * length, 1);
      return engine.sum(engine.mul(y, engine.float(numbers(size, 99), y.shape)));
    });
  const before = engine.tensorCount();
  const { gradients } = engine.gradients(parameters, () => ({ loss: loss() }));
  for (const { name, values } of entries) {
    const gradient = gradients.get(name);
    const parameter = parameters.get(name);
    if (!gradient || !parameter) throw new Error(`no gradient of ${name}`);
    expect(gradient.shape).toEqual(parameter.shape);
    const analytic = engine.read(gradient);
    for (let index = 0; index < values.length; index += 1) {
      const at = (delta: number) => {
        const moved = Float32Array.from(values);
        moved[index] = (moved[index] ?? 0) + delta;
        parameter.assign(moved);
        const tensor = loss();
        const value = engine.scalar(tensor);
        engine.dispose(tensor);
        return value;
      };
      const numeric = (at(1e-2) - at(-1e-2)) / 2e-2;
      parameter.assign(values);
      const scale = Math.max(1, Math.abs(numeric));
      expect(
        Math.abs((analytic[index] ?? Number.NaN) - numeric) / scale,
        `${name}[${index}]: ${analytic[index]} against ${numeric}`,
      ).toBeLessThan(tolerance);
    }
  }
  engine.dispose([...gradients.values()]);
  expect(engine.tensorCount()).toBe(before);
  for (const parameter of parameters.values()) parameter.dispose();
}
