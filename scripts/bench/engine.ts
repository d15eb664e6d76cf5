/**
 * `npm run bench:engine -- [--json] [--rounds N] [--only train,greedy.8,...] [--threads T] [--wait SECONDS] [--retries N] [--out FILE]`
 *
 * Runs both sides in turn, several rounds, each as a whole process with its own warm-up, at the same number of threads. The other side's
 * train.py and decode.py lie in PLUMBLINE_BENCH (or its engine/). The last line of --json holds ratios: ours to PyTorch's or transformers'
 * default, medians over the rounds. Everything measured is written to --out.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '#lib/errors';
import { failureText, toFailure } from '../cli/failure';
import { table } from '../cli/terminal';
import { sizes } from './bench-model';
import { type BenchCase, chooseCases, type Side, sides } from './cases';
import { quiet, waitUntilIdle } from './idle';
import { type Bench, runCeiling, runSide } from './processes';
import { referencePython } from './python-environment';
import { raggedLoad } from './ragged-load';
import { type Run, ratios, rows, trainingGflops } from './summary';

const say = (line: string) => console.error(line);

function wholeNumber(name: string, written: string, least: number): number {
  const value = Number(written);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new AppError('BAD_INPUT', `--${name} takes a whole number from ${least} on, not "${written}".`);
}

/** The folder with train.py and decode.py. */
function otherSide(): string {
  const given = process.env.PLUMBLINE_BENCH;
  if (!given) {
    throw new AppError('BAD_INPUT', 'PLUMBLINE_BENCH is not set.', {
      remedy: 'Name the folder that holds train.py and decode.py of the other side.',
    });
  }
  const found = [given, path.join(given, 'engine')].find((folder) =>
    ['train.py', 'decode.py'].every((name) => existsSync(path.join(folder, name))),
  );
  if (found) return found;
  throw new AppError('NOT_FOUND', `${given} holds no train.py and decode.py.`, { details: { folder: given } });
}

interface Patience {
  /** Before each process, for a quiet machine. */
  readonly waitSeconds: number;
  /** Of a process beside which other work ran; the attempt with least of it counts. */
  readonly retries: number;
}

function disturbed({ otherWork }: Run): boolean {
  return (otherWork ?? 0) >= quiet;
}

async function measure(
  bench: Bench,
  benchCase: BenchCase,
  side: Side,
  round: number,
  batch: number | null,
  patience: Patience,
): Promise<Run> {
  let best: Run | undefined;
  for (let attempt = 0; attempt <= patience.retries; attempt += 1) {
    await waitUntilIdle(patience.waitSeconds, say);
    const since = performance.now();
    const measured = await runSide(bench, benchCase, side, batch);
    const seconds = (performance.now() - since) / 1000;
    const run: Run = { case: benchCase.id, side, round, batch, seconds, ...measured };
    const size = batch === null ? '' : ` batch ${batch}`;
    const noise = disturbed(run) ? `, other work kept ${run.otherWork?.toFixed(1)} cores busy` : '';
    say(
      `round ${round} ${benchCase.id} ${side}${size}: ${Math.round(run.best)} tok/s, ${run.cpuMs.toFixed(2)} CPU ms (${seconds.toFixed(0)} s)${noise}`,
    );
    // Which attempt counts must not depend on its result.
    if (best === undefined || (run.otherWork ?? 0) < (best.otherWork ?? 0)) best = run;
    if (!disturbed(run)) break;
  }
  return best as Run;
}

/** The batch size at which a side does most, of the sizes that are tried once. */
async function bestBatch(
  bench: Bench,
  benchCase: BenchCase,
  side: Side,
  patience: Patience,
): Promise<{ batch: number | null; tried: Run[] }> {
  const candidates = side === 'plumbline' ? benchCase.batches?.ours : benchCase.batches?.theirs;
  const tried: Run[] = [];
  for (const batch of candidates ?? []) tried.push(await measure(bench, benchCase, side, 0, batch, patience));
  const [best] = tried.toSorted((a, b) => b.best - a.best);
  return { batch: best?.batch ?? null, tried };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      threads: { type: 'string', default: String(availableParallelism()) },
      wait: { type: 'string', default: '60' },
      retries: { type: 'string', default: '1' },
      out: { type: 'string' },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds, 1);
  const threads = wholeNumber('threads', values.threads, 1);
  const patience: Patience = { waitSeconds: wholeNumber('wait', values.wait, 0), retries: wholeNumber('retries', values.retries, 0) };
  const chosen = chooseCases(values.only);
  const work = mkdtempSync(path.join(tmpdir(), 'plumbline-bench-'));
  process.once('exit', () => rmSync(work, { recursive: true, force: true }));
  const bench: Bench = { others: otherSide(), python: await referencePython(say), load: path.join(work, 'ragged.json'), threads };
  writeFileSync(bench.load, JSON.stringify(raggedLoad({ prompts: 64, samples: 4, vocabulary: sizes.S.vocabulary, seed: 1 })));
  await waitUntilIdle(patience.waitSeconds, say);
  const products = await runCeiling(threads);
  say(`the largest matrix product: ${products.ceiling} GFLOPS`);
  const tried: Run[] = [];
  const batchOf = new Map<string, number | null>();
  for (const benchCase of chosen.filter(({ batches }) => batches)) {
    for (const side of sides) {
      // Huge pages change the rate, not which batch is best.
      if (side === 'reference-huge-pages') continue;
      const best = await bestBatch(bench, benchCase, side, patience);
      tried.push(...best.tried);
      batchOf.set(`${benchCase.id} ${side}`, best.batch);
    }
  }
  const batchFor = (benchCase: BenchCase, side: Side) =>
    batchOf.get(`${benchCase.id} ${side === 'reference-huge-pages' ? 'reference' : side}`) ?? null;
  const runs: Run[] = [];
  for (const benchCase of chosen) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const side of sides) runs.push(await measure(bench, benchCase, side, round, batchFor(benchCase, side), patience));
    }
  }
  const toDefault = ratios(runs, chosen, 'reference');
  const toHugePages = ratios(runs, chosen, 'reference-huge-pages');
  const gflops = Object.fromEntries(
    chosen.flatMap((each) => {
      const rate = trainingGflops(runs, each, 'plumbline');
      return rate === undefined ? [] : [[each.id, Math.round(rate)]];
    }),
  );
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, memoryBytes: totalmem(), node: process.version, threads };
  const out = path.resolve(values.out ?? path.join(tmpdir(), 'plumbline-bench-engine.json'));
  writeFileSync(
    out,
    `${JSON.stringify({ machine, rounds, ratios: toDefault, ratiosToHugePages: toHugePages, matrixProducts: products, stepGflops: gflops, batchesTried: tried, runs }, null, 2)}\n`,
  );
  const besideOthers = runs.filter(disturbed).length;
  if (besideOthers > 0) {
    say(`${besideOthers} of ${runs.length} processes ran beside other work: PyTorch slows down more by it, so these ratios flatter ours`);
  }
  say(`everything that was measured is in ${out}`);
  if (!values.json) {
    console.log(table(['case', 'side', 'tok/s', 'range', 'CPU ms', 'GFLOPS', 'ours is'], rows(runs, chosen, sides)));
    for (const [id, rate] of Object.entries(gflops)) {
      console.log(
        `${id} sustains ${rate} GFLOPS, ${Math.round((100 * rate) / products.ceiling)} % of the largest matrix product (${products.ceiling})`,
      );
    }
    console.log(`\nto the default: ${JSON.stringify(toDefault)}\nto the same with huge pages: ${JSON.stringify(toHugePages)}`);
  }
  console.log(JSON.stringify(toDefault));
}

// The process that is measured does not outlive this one.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(130));
try {
  await main();
} catch (error) {
  const failure = toFailure(error);
  say(failureText(failure));
  process.exitCode = failure.exitCode;
}
