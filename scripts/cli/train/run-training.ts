import path from 'node:path';
import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import { openEngine } from '../engine-process';
import { type CliContext, type Given, type Outcome, optionalText, text } from '../frame';
import { type Cell, facts, formatBytes, formatDuration, plain, table } from '../terminal';
import { type Algorithm, type ConfiguredAlgorithm, type InputPaths, inputNames, type PreparedRun } from './algorithm';
import { checkResources, type Needs, needsOf } from './check-resources';
import { followTraining } from './follow-training';
import { hashInputs } from './input-hashes';
import { modelCard } from './model-card';
import { rewardFolders } from './open-scorer';
import { OutFolder, requireUsable } from './out-folder';
import type { RunRecord } from './run-record';

function pathsOf(given: Given, algorithm: Algorithm): InputPaths {
  const paths: Record<string, string> = {};
  for (const name of inputNames) {
    const value = optionalText(given, name);
    if (value !== undefined) paths[name] = path.resolve(value);
    else if (algorithm.needs.includes(name)) text(given, name);
  }
  return { model: path.resolve(text(given, 'model')), data: path.resolve(text(given, 'data')), ...paths };
}

function shownValue(value: unknown): Cell {
  return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value);
}

/** Settings, counts and notes, on stderr. */
function tellPeople(context: CliContext, configured: ConfiguredAlgorithm, run: PreparedRun, needs: Needs, file: string | undefined): void {
  const { terminal } = context;
  const from = { default: 'default', file: file ?? '', '--set': '--set' };
  terminal.line(
    table(
      ['setting', 'value', 'from'],
      configured.origins.map((each) => [each.key, shownValue(each.value), from[each.from]]),
    ),
  );
  const { frozen, trained } = run.parameters;
  terminal.line(
    `\n${facts([
      ...Object.entries(run.counts),
      ['steps', run.totalSteps],
      ['parameters that are trained', trained],
      ['other parameters', frozen],
      ['memory for them', formatBytes(needs.memoryBytes)],
      ['disk', `at most ${formatBytes(needs.diskBytes)}`],
    ])}\n`,
  );
  for (const { examples, text: said } of run.notes) {
    terminal.line(plain(`note: ${said}${examples.length > 0 ? ` (${examples.join('; ')})` : ''}`));
  }
}

/** @throws AppError BAD_INPUT: what is left of the data teaches nothing */
function requireSteps({ counts, notes, totalSteps }: PreparedRun, file: string): void {
  if (totalSteps > 0) return;
  const said = [...Object.entries(counts).map(([name, count]) => `${count} ${name}`), ...notes.map(({ text }) => text)].join('; ');
  throw new AppError('BAD_INPUT', `${file} leaves nothing to learn from: ${said}.`, {
    details: { file },
    remedy: 'Look at the split, and at what was left out.',
  });
}

const settled = (origins: ConfiguredAlgorithm['origins']) =>
  Object.fromEntries(origins.map(({ from, key, value }) => [key, { value, from }]));

/** `plumbline train <algorithm>`. */
export async function runTraining(context: CliContext, given: Given, algorithm: Algorithm): Promise<Outcome> {
  const { options } = given;
  const [file, sets] = [optionalText(given, 'config'), Array.isArray(options.set) ? options.set.map(String) : []];
  const configured = await algorithm.configure({ file, sets });
  const paths = pathsOf(given, algorithm);
  const out = path.resolve(text(given, 'out'));
  const choice = { resume: options.resume === true, force: options.force === true };
  await requireUsable(out, choice);
  const finished = choice.resume ? await OutFolder.result(out) : null;
  if (finished !== null) return { json: { ...finished, out, finished: true }, text: `The run in ${out} has finished already.` };

  const engine = await openEngine(context.terminal.line);
  const record: RunRecord = {
    algorithm: algorithm.name,
    inputs: await hashInputs(paths, rewardFolders(configured.config.reward ?? [])),
    seed: configured.config.seed,
    config: { ...configured.config },
    engine: engine.mode(),
    startedAt: new Date().toISOString(),
    command: ['plumbline', ...process.argv.slice(2)],
  };
  const say = context.terminal.line;
  const run = await configured.prepare({ engine, paths, say }, () => context.signal.aborted);
  try {
    requireSteps(run, paths.data);
    const needs = needsOf(run);
    await checkResources(needs, { out, memoryLimitBytes: engine.memoryLimitBytes });
    tellPeople(context, configured, run, needs, file);
    if (options.dryRun === true) return dryRun(configured, run, needs, record);
    return await train({ algorithm, choice, configured, context, engine, json: options.json === true, out, paths, record, run });
  } finally {
    run.dispose();
  }
}

function dryRun(configured: ConfiguredAlgorithm, run: PreparedRun, needs: Needs, record: RunRecord): Outcome {
  const since = performance.now();
  run.probe();
  const { counts, notes, parameters, totalSteps } = run;
  const { algorithm, engine, inputs } = record;
  return {
    json: {
      ...{ dryRun: true, algorithm, totalSteps, counts, notes, parameters, ...needs },
      ...{ config: settled(configured.origins), inputs, engine },
    },
    text: `All is well: ${totalSteps} steps would be trained; a small forward pass took ${Math.ceil(performance.now() - since)} ms. Nothing was written.`,
  };
}

interface Started {
  readonly algorithm: Algorithm;
  readonly choice: { readonly resume: boolean; readonly force: boolean };
  readonly configured: ConfiguredAlgorithm;
  readonly context: CliContext;
  readonly engine: Engine;
  readonly json: boolean;
  readonly out: string;
  readonly paths: InputPaths;
  readonly record: RunRecord;
  readonly run: PreparedRun;
}

async function train(started: Started): Promise<Outcome> {
  const { algorithm, choice, configured, context, engine, out: folder, paths, record, run } = started;
  const { signal, terminal } = context;
  const out = await OutFolder.open(folder, record, { ...choice, say: terminal.line });
  const since = performance.now();
  try {
    if (out.resumed) terminal.line(`Going on from step ${out.resumed.step} of ${run.totalSteps}.`);
    const print = started.json ? (row: object) => process.stdout.write(`${JSON.stringify(row)}\n`) : undefined;
    const result = await followTraining({ run, out, best: algorithm.best, engine: engine.mode(), signal, terminal, print });
    const summary = run.summary(result);
    const steps = typeof summary.steps === 'number' ? summary.steps : run.totalSteps;
    const seconds = Number(((performance.now() - since) / 1000).toFixed(1));
    const { about } = algorithm;
    const card = modelCard({ record, origins: configured.origins, about, steps, summary });
    const files = await out.finish([...run.outputs(result), { name: '', files: [card] }], {
      ...record,
      steps,
      finishedAt: new Date().toISOString(),
      result: summary,
    });
    const next = algorithm.next(folder, paths, configured.config);
    return {
      json: {
        algorithm: algorithm.name,
        out: folder,
        steps,
        resumedFrom: out.resumed?.step ?? null,
        seconds,
        result: summary,
        files,
        next,
      },
      text: facts([
        ['model', folder],
        ['steps', `${steps} in ${formatDuration(seconds)}`],
        ...Object.entries(summary).flatMap(([name, value]) => (name === 'steps' ? [] : [[name, shownValue(value)] as const])),
        ['files', files.map(({ name, size }) => `${name} (${formatBytes(size)})`).join(', ')],
        ['next', next],
      ]),
    };
  } catch (error) {
    throw explained(error, out);
  } finally {
    await out.close();
  }
}

/** A failure in the middle of a run leaves a run that can go on, but for a violated check: with the same settings it would come again. */
function explained(error: unknown, out: OutFolder): unknown {
  if (!(error instanceof AppError) || error.code === 'CANCELLED' || error.code === 'BAD_INPUT') return error;
  const { cause, code, details, message, remedy = '' } = error;
  const remedies: Partial<Record<AppError['code'], string>> = {
    DISK_FULL: 'Free some space, then run the same command with --resume: it goes on from the last checkpoint, which is whole.',
    INVARIANT: `Look at metrics.jsonl and samples.jsonl, then begin anew with other settings, most often a lower learning rate (--force, or another --out); the last checkpoint before it is kept until then.`,
  };
  const next = remedies[code] ?? `${remedy} Then run the same command with --resume: it goes on from the last checkpoint.`;
  return new AppError(code, message, { details: { ...details, folder: out.folder }, remedy: next.trim(), cause: cause ?? error });
}
