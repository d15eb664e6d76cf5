/**
 * What the cores can do: the rate of single matrix products by the same library on the same threads. The best is the ceiling of any step; the
 * shapes of a training step of size S or A show how near it their products come. Prints one line of JSON, GFLOPS.
 *
 *   GLIBC_TUNABLES=glibc.malloc.hugetlb=1 tsx scripts/bench/engine-ceiling.ts
 */
import { benchEngine } from './bench-engine';
import { sizes } from './bench-model';

const repetitions = 12;
const rowsA = sizes.A.batch * sizes.A.time;
const rowsS = sizes.S.batch * sizes.S.time;
/** [m, k] x [k, n]. */
const shapes: readonly (readonly [string, number, number, number])[] = [
  ['square 1024', 1024, 1024, 1024],
  ['square 2048', 2048, 2048, 2048],
  ['A: projection', rowsA, sizes.A.hidden, sizes.A.hidden],
  ['A: feed-forward', rowsA, sizes.A.hidden, sizes.A.intermediate],
  ['S: feed-forward', rowsS, sizes.S.hidden, sizes.S.intermediate],
  ['S: head', rowsS, sizes.S.hidden, sizes.S.vocabulary],
];

const engine = await benchEngine();
const gflops: Record<string, number> = {};
for (const [name, m, k, n] of shapes) {
  const a = engine.float(new Float32Array(m * k).fill(0.5), [m, k]);
  const b = engine.float(new Float32Array(k * n).fill(0.5), [k, n]);
  let best = Number.POSITIVE_INFINITY;
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const since = performance.now();
    engine.dispose(engine.matMul(a, b));
    best = Math.min(best, performance.now() - since);
  }
  engine.dispose([a, b]);
  gflops[name] = Math.round((2 * m * k * n) / best / 1e6);
}
console.log(JSON.stringify({ threads: engine.capabilities.threads, gflops, ceiling: Math.max(...Object.values(gflops)) }));
process.exit(0);
