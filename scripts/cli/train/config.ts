import path from 'node:path';
import type { z } from 'zod';
import { AppError } from '#lib/errors';
import { assigned, isSettings, parseAssignment, readConfigFile, type Settings } from './config-file';
import { nearest, unknownKeys } from './known-keys';

/** Where a value came from. */
type Origin = 'default' | 'file' | '--set';

export interface GivenConfig<Config> {
  readonly config: Config;
  /** Every value by its key, with points for what lies deeper, and where it came from. */
  readonly origins: readonly { readonly key: string; readonly value: unknown; readonly from: Origin }[];
}

/**
 * The settings of one algorithm: defaults, over them the file, over it `--set`. Nothing that is given is passed over.
 * @throws AppError BAD_INPUT naming the key, and the nearest known one where there is none of this name
 */
export async function readConfig<Config>(
  schema: z.ZodType<Config>,
  given: { readonly algorithm: string; readonly file: string | undefined; readonly sets: readonly string[] },
): Promise<GivenConfig<Config>> {
  const file = given.file === undefined ? {} : await readConfigFile(path.resolve(given.file));
  const sets = given.sets.map(parseAssignment);
  const settings = sets.reduce<Settings>((all, each) => assigned(all, each.path, each.value), file);
  const where = (key: string): Origin => {
    const within = (path: readonly string[]) => path.join('.') === key || key.startsWith(`${path.join('.')}.`);
    if (sets.some((each) => within(each.path))) return '--set';
    return has(file, key.split('.')) ? 'file' : 'default';
  };
  const source = (key: string) => (where(key) === 'file' ? (given.file as string) : where(key));
  const [strange] = unknownKeys(schema, settings);
  if (strange !== undefined) {
    const meant = nearest(strange.key, strange.known);
    throw new AppError('BAD_INPUT', `${source(strange.path)}: ${given.algorithm} has no setting "${strange.path}".`, {
      details: { key: strange.path, nearest: meant ?? null },
      remedy: `${meant === undefined ? '' : `Did you mean "${meant}"? `}There are ${strange.known.join(', ')}.`,
    });
  }
  const parsed = schema.safeParse(settings);
  if (parsed.success) return { config: parsed.data, origins: leaves(parsed.data).map((leaf) => ({ ...leaf, from: where(leaf.key) })) };
  const issue = parsed.error.issues[0];
  const key = issue?.path.join('.') ?? '';
  const value = issue?.path.reduce<unknown>((inner, part) => (inner as Settings | undefined)?.[part as string], settings);
  throw new AppError('BAD_INPUT', `${source(key)}: "${key}" is ${JSON.stringify(value) ?? 'missing'}: ${issue?.message ?? 'not usable'}.`, {
    details: { key },
    remedy: 'docs/algorithms.md tells what each setting means; --dry-run prints all of them.',
  });
}

function has(settings: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  // a value that is no object stands for all that its schema makes of it
  if (!isSettings(settings)) return true;
  return Object.hasOwn(settings, key) && has(settings[key], rest);
}

function leaves(value: unknown, prefix: readonly string[] = []): { key: string; value: unknown }[] {
  if (!isSettings(value) || Object.keys(value).length === 0) return [{ key: prefix.join('.'), value }];
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .flatMap(([key, inner]) => leaves(inner, [...prefix, key]));
}
