import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '#lib/errors';

const engineSchema = z.object({
  backend: z.enum(['native', 'wasm']),
  device: z.enum(['cpu', 'gpu']),
  library: z.string(),
  threads: z.number(),
});

/** OUT/run.json: what a run was begun with, and has to be resumed with. */
const recordSchema = z.object({
  algorithm: z.string(),
  /** By option: model, data, validation, reward, reference, value. */
  inputs: z.record(z.string(), z.object({ path: z.string(), sha256: z.string() })),
  seed: z.number(),
  config: z.record(z.string(), z.unknown()),
  engine: engineSchema,
  startedAt: z.string(),
  command: z.array(z.string()),
});
export type RunRecord = z.infer<typeof recordSchema>;

/** Null where there is no file. @throws AppError PRECONDITION where it cannot be read */
export async function readRecord(file: string): Promise<RunRecord | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = recordSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AppError('PRECONDITION', `${file}, which says what the run was begun with, cannot be read.`, {
    details: { file },
    remedy: 'Add --force instead of --resume to begin anew.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

function keysThatDiffer(before: unknown, now: unknown, prefix = ''): string[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(before) || !isObject(now)) return JSON.stringify(before) === JSON.stringify(now) ? [] : [prefix];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.flatMap((key) => keysThatDiffer(before[key], now[key], prefix === '' ? key : `${prefix}.${key}`));
}

const valueAt = (settings: unknown, key: string) =>
  key.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part], settings);

/** A run goes on only with what it was begun with: anything else would give other numbers under one name. @throws AppError BAD_INPUT */
export function requireSame(before: RunRecord, now: RunRecord, out: string): void {
  const differences: string[] = [];
  if (before.algorithm !== now.algorithm) differences.push(`the algorithm: ${before.algorithm} instead of ${now.algorithm}`);
  for (const name of new Set([...Object.keys(before.inputs), ...Object.keys(now.inputs)])) {
    const [old, given] = [before.inputs[name], now.inputs[name]];
    if (old?.sha256 === given?.sha256) continue;
    if (!old) differences.push(`--${name}: none instead of ${given?.path}`);
    else if (!given) differences.push(`--${name}: ${old.path} instead of none`);
    else differences.push(`--${name}: the content of ${given.path} is another one than when the run began (${old.path})`);
  }
  const config = JSON.parse(JSON.stringify(now.config)) as unknown;
  for (const key of keysThatDiffer(before.config, config)) {
    differences.push(`the setting ${key}: ${shown(valueAt(before.config, key))} instead of ${shown(valueAt(config, key))}`);
  }
  for (const key of ['backend', 'device', 'library', 'threads'] as const) {
    if (before.engine[key] !== now.engine[key])
      differences.push(`the engine's ${key}: ${before.engine[key]} instead of ${now.engine[key]}`);
  }
  if (differences.length === 0) return;
  throw new AppError('BAD_INPUT', `The run in ${out} was begun with something else: ${differences.join('; ')}.`, {
    details: { folder: out, differences },
    remedy: `Resume it as it was begun (${before.command.join(' ')}), or add --force instead of --resume to begin anew.`,
  });
}
