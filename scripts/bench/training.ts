/**
 * `npm run bench:training -- [--json] [--rounds N] [--only sft,dpo.A,...] [--threads T] [--wait SECONDS] [--retries N] [--out FILE]`
 *
 * Our trainers and TRL's on the same work (see training_trl.py), in turn, several rounds, each as a whole process with its own warm-up, at the
 * same number of threads. TRL is 1.16.0; for PPO 1.12.0, the last that has it. The last line holds ratios of medians over the rounds and the
 * peak memory of the processes. Everything measured is written to --out.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '#lib/errors';
import { failureText, toFailure } from '../cli/failure';
import { table } from '../cli/terminal';
import { quiet, waitUntilIdle } from './idle';
import { execute, ourCommand, ourEnvironment, plainEnvironment } from './processes';
import { environmentPython, trlEnvironment, trlPpoEnvironment } from './python-environment';
import { chooseTrainingCases, readTrainingMeasured, type TrainingCase, type TrainingSide, trainingSides } from './training-cases';
import { bestRate, type TrainingRun, trainingRatios, trainingRows } from './training-summary';

const say = (line: string) => console.error(line);

function wholeNumber(name: string, written: string, least: number): number {
  const value = Number(written);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new AppError('BAD_INPUT', `--${name} takes a whole number from ${least} on, not "${written}".`);
}

interface Settings {
  readonly threads: number;
  /** Before each process, for a quiet machine. */
  readonly waitSeconds: number;
  /** Of a process beside which other work ran; the attempt with least of it counts. */
  readonly retries: number;
}

async function runSide(benchCase: TrainingCase, side: TrainingSide, round: number, threads: number): Promise<TrainingRun> {
  const { id, repetitions, size, work } = benchCase;
  const args = [work, size, String(repetitions)];
  const theirs = async () => {
    const python = await environmentPython(work === 'ppo' ? trlPpoEnvironment : trlEnvironment, say);
    const command = [python, path.join(import.meta.dirname, 'training_trl.py'), ...args, String(threads)];
    return execute(command, { ...plainEnvironment(), HF_HUB_OFFLINE: '1' });
  };
  const ours = () => execute(ourCommand('training-ours.ts', args), ourEnvironment(threads));
  const { otherWork, peakMib, stdout } = await (side === 'plumbline' ? ours() : theirs());
  const measured = readTrainingMeasured(stdout);
  if (measured) return { case: id, side, round, peakMib, otherWork, ...measured };
  throw new AppError('INTERNAL', `${id} of ${side} printed no numbers.`, { details: { said: stdout.slice(-400) } });
}

function disturbed({ otherWork }: TrainingRun): boolean {
  return (otherWork ?? 0) >= quiet;
}

async function measure(benchCase: TrainingCase, side: TrainingSide, round: number, settings: Settings): Promise<TrainingRun> {
  let best: TrainingRun | undefined;
  for (let attempt = 0; attempt <= settings.retries; attempt += 1) {
    await waitUntilIdle(settings.waitSeconds, say);
    const run = await runSide(benchCase, side, round, settings.threads);
    const noise = disturbed(run) ? `, other work kept ${run.otherWork?.toFixed(1)} cores busy` : '';
    const memory = run.peakMib === null ? '' : `, ${Math.round(run.peakMib)} MiB`;
    say(
      `round ${round} ${benchCase.id} ${side}: ${bestRate(run).toPrecision(4)} ${benchCase.unit}, ${Math.round(run.cpuMs)} CPU ms${memory}${noise}`,
    );
    // Which attempt counts must not depend on its result.
    if (best === undefined || (run.otherWork ?? 0) < (best.otherWork ?? 0)) best = run;
    if (!disturbed(run)) break;
  }
  return best as TrainingRun;
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
  const settings: Settings = {
    threads: wholeNumber('threads', values.threads, 1),
    waitSeconds: wholeNumber('wait', values.wait, 0),
    retries: wholeNumber('retries', values.retries, 0),
  };
  const chosen = chooseTrainingCases(values.only);
  for (const environment of [trlEnvironment, trlPpoEnvironment]) await environmentPython(environment, say);
  const runs: TrainingRun[] = [];
  for (const benchCase of chosen) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const side of trainingSides) runs.push(await measure(benchCase, side, round, settings));
    }
  }
  const ratios = trainingRatios(runs, chosen);
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, memoryBytes: totalmem(), node: process.version };
  const out = path.resolve(values.out ?? path.join(tmpdir(), 'plumbline-bench-training.json'));
  writeFileSync(out, `${JSON.stringify({ machine, threads: settings.threads, rounds, ratios, runs }, null, 2)}\n`);
  const besideOthers = runs.filter(disturbed).length;
  if (besideOthers > 0) {
    say(`${besideOthers} of ${runs.length} processes ran beside other work: PyTorch slows down more by it, so these ratios flatter ours`);
  }
  say(`everything that was measured is in ${out}`);
  if (!values.json) {
    console.log(table(['case', 'side', 'rate', 'range', 'CPU ms an update', 'peak MiB', 'ours is'], trainingRows(runs, chosen)));
  }
  console.log(JSON.stringify(ratios));
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
