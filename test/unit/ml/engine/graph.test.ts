import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Parameter, Tensor } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';

Object.assign(process.env, nativeEnvironment(2));

const random = createRandom(5, 'graph');
const numbers = (count: number) => Float32Array.from({ length: count }, () => random.normal());

function values(engine: Engine, tensor: Tensor): number[] {
  const read = Array.from(engine.read(tensor));
  engine.dispose(tensor);
  return read;
}

describe.each(['native', 'wasm'] as const)('recorded work on the %s engine', (backend) => {
  let engine: Engine;
  let weight: Parameter;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    weight = engine.parameter('weight', [3, 4], numbers(12));
  }, 60_000);

  /** Something of everything: products, broadcasts, reductions, shapes, gathers, comparisons. */
  const compute = (x: Tensor, rows: Tensor): Tensor => {
    const y = engine.matMul(
      engine.rmsNorm(x, engine.slice(engine.reshape(weight.read(), [12]), [0], [4]), 1e-5),
      weight.read(),
      false,
      true,
    );
    const [left, right] = engine.split(y, [1, 2], 1) as [Tensor, Tensor];
    const mixed = engine.concat([engine.swiGlu(left, left), engine.maximum(right, 0.1)], 1);
    const picked = engine.gatherRows(engine.transpose(engine.softmax(mixed), [1, 0]), rows);
    return engine.logSoftmax(engine.mul(picked, engine.sum(picked, 1, true)));
  };

  test('a graph gives what the operations give one by one, with the data of each time', () => {
    for (let round = 0; round < 3; round += 1) {
      const data = numbers(20);
      const rows = [round, 2 - round, 1];
      const eager = engine.tidy(() => compute(engine.float(data, [5, 4]), engine.int(rows, [3])));
      const recorded = engine.graph(() => compute(engine.float(data, [5, 4]), engine.int(rows, [3])));
      expect(recorded.shape).toEqual(eager.shape);
      const expected = values(engine, eager);
      values(engine, recorded).forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index]!, 5);
      });
    }
  });

  test('a compiled function runs once for each shape, reads its parameters anew and leaves nothing behind', () => {
    let runs = 0;
    const twice = engine.compile((x: Tensor) => {
      runs += 1;
      return [engine.matMul(x, weight.read()), engine.sum(x)];
    });
    const before = engine.tensorCount();
    const call = (rows: number) => {
      const x = engine.float(new Float32Array(rows * 3).fill(1), [rows, 3]);
      const [product, sum] = twice(x) as [Tensor, Tensor];
      engine.dispose(x);
      expect(product.shape).toEqual([rows, 4]);
      expect(values(engine, sum)).toEqual([rows * 3]);
      return values(engine, product);
    };
    const first = call(2);
    expect(call(2)).toEqual(first);
    call(5);
    expect(runs).toBe(backend === 'native' ? 2 : 3);
    const old = weight.values();
    weight.assign(old.map((value) => value + 1));
    call(2).forEach((value, index) => {
      expect(value).toBeCloseTo(first[index]! + 3, 4);
    });
    weight.assign(old);
    expect(engine.tensorCount()).toBe(before);
  });

  test('recorded gradients agree with eager ones, update after update', () => {
    const before = engine.tensorCount();
    const parameters = new Map([['weight', weight]]);
    const data = numbers(20);
    const gradient = (recorded: boolean) => {
      const result = engine.gradients(
        parameters,
        () => {
          const y = compute(engine.float(data, [5, 4]), engine.int([0, 1, 2], [3]));
          return { loss: engine.mean(engine.square(y)), aux: { y: engine.stopGradient(y) } };
        },
        { recorded },
      );
      return { loss: result.loss, y: values(engine, result.aux.y as Tensor), gradient: values(engine, result.gradients.get('weight')!) };
    };
    const original = weight.values();
    for (let step = 0; step < 3; step += 1) {
      const eager = gradient(false);
      const recorded = gradient(true);
      expect(recorded.loss).toBeCloseTo(eager.loss, 5);
      for (const part of ['y', 'gradient'] as const) {
        recorded[part].forEach((value, index) => {
          expect(value).toBeCloseTo(eager[part][index]!, 5);
        });
      }
      expect(gradient(true)).toEqual(recorded);
      weight.assign(weight.values().map((value, index) => value - 0.1 * recorded.gradient[index]!));
    }
    weight.assign(original);
    expect(engine.tensorCount()).toBe(before);
  });

  test('work that throws leaves nothing behind', () => {
    const before = engine.tensorCount();
    const failing = () =>
      engine.graph(() => {
        engine.mul(engine.float([1], [1]), 2);
        throw new Error('in the middle');
      });
    expect(failing).toThrow('in the middle');
    expect(engine.tensorCount()).toBe(before);
    expect(
      values(
        engine,
        engine.graph(() => engine.add(engine.float([1], [1]), 2)),
      ),
    ).toEqual([3]);
  });
});

describe('recording on the native engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'native', threads: 2 });
  });

  test('nothing can be read before the graph has run', () => {
    expect(() => engine.graph(() => engine.float(engine.read(engine.mul(engine.float([2], [1]), 2)), [1]))).toThrow(
      /no value before its graph/,
    );
  });

  test('data made inside of a compiled function is refused: it would be frozen', () => {
    const frozen = engine.compile((x: Tensor) => [engine.add(x, engine.float([1], [1]))]);
    const x = engine.float([1], [1]);
    expect(() => frozen(x)).toThrow(/may not make data/);
    engine.dispose(x);
  });

  test('a compiled function does not go on with a tensor that is gone', () => {
    const captured = engine.float([2], [1]);
    const double = engine.compile((x: Tensor) => [engine.mul(x, captured)]);
    const x = engine.float([4], [1]);
    expect(values(engine, double(x)[0]!)).toEqual([8]);
    engine.dispose(captured);
    expect(() => double(x)).toThrow(/used after it was freed/);
    engine.dispose(x);
  });

  test('more graphs than are kept: the oldest are loaded again', () => {
    const add = engine.compile((x: Tensor) => [engine.add(x, 1)]);
    const sizes = Array.from({ length: 200 }, (_, index) => index + 1);
    for (const size of [...sizes, 1, 2, 3]) {
      const x = engine.zeros([size]);
      expect(values(engine, add(x)[0]!)).toEqual(new Array(size).fill(1));
      engine.dispose(x);
    }
  });
});
