import path from 'node:path';
import { parseDocument } from 'yaml';
import { AppError } from '#lib/errors';
import { readInput } from '../read-input';

export type Settings = Readonly<Record<string, unknown>>;

export function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A config file: YAML, of which JSON is a part. @throws AppError BAD_INPUT naming file and line */
export async function readConfigFile(file: string): Promise<Settings> {
  const text = new TextDecoder().decode(await readInput(file, 'Give --config a JSON or YAML file.'));
  const bad = (message: string) => new AppError('BAD_INPUT', `${file}: ${message}.`, { details: { file } });
  if (path.extname(file) === '.json') {
    const json = parseJson(text, (reason) => bad(`this is not JSON (${reason})`));
    if (isSettings(json)) return json;
    throw bad('a config is an object of settings');
  }
  // the schema `core` knows null, booleans, numbers and texts, and nothing that would become code
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true });
  const [problem] = document.errors;
  if (problem) throw bad(`line ${problem.linePos?.[0].line ?? 1}: ${problem.message.split('\n')[0]}`);
  const settings: unknown = document.toJS({ maxAliasCount: 0 }) ?? {};
  if (isSettings(settings)) return settings;
  throw bad('a config is a list of names with their values');
}

function parseJson(text: string, error: (reason: string) => AppError): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw error(cause instanceof Error ? cause.message : 'unknown reason');
  }
}

/** One `--set key=value`: the key with points for what lies deeper, the value as JSON or else as a text. @throws AppError BAD_INPUT */
export function parseAssignment(written: string): { readonly path: readonly string[]; readonly value: unknown } {
  const at = written.indexOf('=');
  const keys = written.slice(0, Math.max(0, at)).trim().split('.');
  if (at < 1 || keys.some((key) => key === '')) {
    throw new AppError('BAD_INPUT', `--set takes key=value, not "${written}".`, {
      details: { option: 'set' },
      remedy: 'For example --set learningRate=1e-4 or --set lora.rank=4.',
    });
  }
  const text = written.slice(at + 1).trim();
  try {
    return { path: keys, value: JSON.parse(text) };
  } catch {
    return { path: keys, value: text };
  }
}

/** A copy of `settings` in which `path` has this value; objects on the way are made. */
export function assigned(settings: Settings, [key = '', ...rest]: readonly string[], value: unknown): Settings {
  if (rest.length === 0) return { ...settings, [key]: value };
  const inner = settings[key];
  return { ...settings, [key]: assigned(isSettings(inner) ? inner : {}, rest, value) };
}
