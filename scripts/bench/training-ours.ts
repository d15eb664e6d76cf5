/**
 * Our side of the training benchmark: the product's trainers on random weights and random tokens, as training_trl.py does it.
 *
 *   tsx scripts/bench/training-ours.ts sft|reward|rankings|dpo|ppo A|S REPETITIONS
 */
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import { newModel } from '#lib/ml/models/new-model';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { benchEngine, cpuMs } from './bench-engine';
import { benchConfig, type Size, sizes } from './bench-model';
import type { TrainingCase, TrainingMeasured } from './training-cases';
import { trainingWorks } from './training-works';

const [work = '', sizeName, repetitionsText] = process.argv.slice(2);
const size: Size = sizeName === 'S' ? 'S' : 'A';
const repetitions = Number(repetitionsText ?? 5);
const warmUp = work === 'ppo' ? 1 : 2;

const makeWork = trainingWorks[work as TrainingCase['work']];
if (makeWork === undefined) throw new AppError('BAD_INPUT', `There is no work "${work}".`);
const engine = await benchEngine();
const random = createRandom(1, 'training-benchmark');
const special = 4;
// The last update also writes a checkpoint, which the other side does not; it is not counted.
const training = makeWork({
  engine,
  files: newModel(benchConfig(size), 1),
  updates: warmUp + repetitions + 1,
  words: (count) => Array.from({ length: count }, () => special + random.integer(sizes[size].vocabulary - special)),
});

/** What the trainer does before its first update, for all of them, belongs to each in equal parts. */
let before = 0;
let last = performance.now();
let cpuBefore = 0;
let cpuLast = cpuMs();
const steps: { seconds: number; cpu: number; metrics: StepMetrics['metrics'] }[] = [];
for await (const { metrics, phase } of training.rows) {
  const now = performance.now();
  const cpuNow = cpuMs();
  if (phase.startsWith('reference')) {
    before += (now - last) / 1000;
    cpuBefore += cpuNow - cpuLast;
  } else steps.push({ seconds: (now - last) / 1000, cpu: cpuNow - cpuLast, metrics });
  last = performance.now();
  cpuLast = cpuMs();
}
const shared = before / steps.length;
const counted = steps.slice(warmUp, warmUp + repetitions);
const [fastest] = counted.toSorted((a, b) => a.seconds - b.seconds);
if (fastest === undefined || counted.length < repetitions) throw new AppError('INTERNAL', `${steps.length} updates were made.`);
const phase = (name: string) => fastest.metrics[`time/${name}`] ?? 0;
const measured: TrainingMeasured = {
  seconds: counted.map(({ seconds }) => seconds + shared),
  units: training.units,
  cpuMs: counted.reduce((sum, { cpu }) => sum + cpu, 0) / counted.length + cpuBefore / steps.length,
  phases: work === 'ppo' ? { generate: phase('generate'), score: phase('score'), update: phase('update') } : null,
};
console.log(JSON.stringify(measured));
process.exit(0);
