import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { serializeModel } from '#lib/ml/models/serialize-model';
import { tinyModel } from '../../support/tiny-model';
import { type CliRun, type RunningCli, runCli, startCli } from '../cli/run-cli';

/** The engine and its threads are named: what is compared bit by bit has to be computed alike. */
const env = { PLUMBLINE_THREADS: '1', PLUMBLINE_HUGE_PAGES: 'off' };

const rows = (list: readonly object[]) => list.map((row) => `${JSON.stringify(row)}\n`).join('');
const letters = [...'abcdefghijkl'];
const split = (index: number) => (index % 4 === 3 ? 'validation' : 'train');

/** The same 12 prompts in every form; answers of a's are liked. */
const data = {
  'conversations.jsonl': letters.map((letter, index) => ({ prompt: `say ${letter}`, completion: `${letter}ab`, split: split(index) })),
  'rankings.jsonl': letters.map((letter, index) => ({
    prompt: `say ${letter}`,
    responses: [`aa${letter}`, `z${letter}z`, 'q'],
    ranks: index % 2 === 0 ? [1, 2, 2] : [1, 3, 2],
    split: split(index),
  })),
  'pairs.jsonl': letters.map((letter, index) => ({ prompt: `say ${letter}`, chosen: `aa${letter}`, rejected: 'zz', split: split(index) })),
  'labels.jsonl': letters.map((letter, index) => ({
    prompt: `say ${letter}`,
    completion: index % 2 === 0 ? `aa${letter}` : `zz${letter}`,
    label: index % 2 === 0,
    split: split(index),
  })),
  'prompts.jsonl': letters.map((letter) => ({ prompt: `say ${letter}` })),
} as const;
export type DataFile = keyof typeof data;

/** A folder with a model of 4,000 weights, a reward model and data of every form. */
export class TrainingWorld {
  constructor(readonly folder: string) {
    this.writeModel('model', tinyModel(1));
    for (const [name, list] of Object.entries(data)) writeFileSync(this.at(name), rows(list));
  }

  at(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  writeModel(name: string, files: ModelFiles): void {
    mkdirSync(this.at(name), { recursive: true });
    for (const file of serializeModel(files)) writeFileSync(this.at(name, file.name), Buffer.concat([...file.parts()]));
  }

  /** `plumbline train <algorithm> --model model --data <file> --out <out> ... --json`. */
  start(
    algorithm: string,
    given: {
      readonly data: DataFile;
      readonly out: string;
      readonly more?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    },
  ): RunningCli {
    return startCli(this.command(algorithm, given), { home: this.at('none'), env: { ...env, ...given.env } });
  }

  train(...args: Parameters<TrainingWorld['start']>): Promise<CliRun> {
    return this.start(...args).ended;
  }

  run(...args: string[]): Promise<CliRun> {
    return runCli([...args, '--json'], { home: this.at('none'), env });
  }

  private command(algorithm: string, given: Parameters<TrainingWorld['start']>[1]): string[] {
    const [model, file, out] = [this.at('model'), this.at(given.data), this.at(given.out)];
    return ['train', algorithm, '--model', model, '--data', file, '--out', out, ...(given.more ?? []), '--json'];
  }

  /** Rows of metrics.jsonl without what a clock measured. */
  metrics(out: string): Record<string, unknown>[] {
    const text = readFileSync(this.at(out, 'metrics.jsonl'), 'utf8').trimEnd();
    return text.split('\n').map((line) => {
      const row = JSON.parse(line) as Record<string, unknown>;
      return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('time/')));
    });
  }

  /** Every file that a run leaves and that says nothing of when and how it was called, by its path. */
  files(out: string): Map<string, Buffer> {
    const called = new Set(['run.json', 'training.json', 'README.md', 'metrics.jsonl']);
    const names = readdirSync(this.at(out), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.at(out), path.join(entry.parentPath, entry.name)));
    return new Map(
      names
        .filter((name) => !called.has(name))
        .sort()
        .map((name) => [name, readFileSync(this.at(out, name))]),
    );
  }
}
