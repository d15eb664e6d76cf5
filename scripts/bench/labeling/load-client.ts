import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { AppError } from '#lib/errors';

const here = import.meta.dirname;
const root = path.resolve(here, '../../..');

const distribution = z.object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() });
/** What the load client prints of a phase; numbers of a check are there where labels were compared. */
const phaseSchema = z.object({
  phase: z.string(),
  annotators: z.number().optional(),
  overlap: z.number().optional(),
  wanted: z.number().optional(),
  acked: z.number().optional(),
  tasksPerSec: z.number().optional(),
  cycle: distribution.optional(),
  failures: z.record(z.string(), z.number()).optional(),
  lost: z.number().optional(),
  wrongContent: z.number().optional(),
  tasksOverAssigned: z.number().optional(),
  secondsToReadyAgain: z.number().nullable().optional(),
  newPid: z.number().optional(),
  crashed: z.string().optional(),
});
export type Phase = z.infer<typeof phaseSchema>;

/** The folder of the peers' load client. */
export function findLoadClient(): string {
  const given = process.env.PLUMBLINE_BENCH;
  if (!given) {
    throw new AppError('BAD_INPUT', 'PLUMBLINE_BENCH is not set.', { remedy: 'Name the folder that holds labeling/run.mjs of the peers.' });
  }
  const found = [given, path.join(given, 'labeling')].find((folder) => existsSync(path.join(folder, 'run.mjs')));
  if (found) return found;
  throw new AppError('NOT_FOUND', `${given} holds no labeling/run.mjs.`, { details: { folder: given } });
}

export interface LoadRun {
  readonly peer: 'plumbline' | 'potato';
  readonly address: string;
  readonly phases: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly pid?: number;
  /** Starts the server again after the phase `kill`. */
  readonly start?: string;
}

/** The load client with our adapter beside those of the peers, in a folder of its own. */
export class LoadClient {
  private constructor(
    private readonly folder: string,
    private readonly data: string,
    private readonly say: (line: string) => void,
  ) {}

  static async make(source: string, folder: string, say: (line: string) => void): Promise<LoadClient> {
    const data = path.join(folder, 'data');
    mkdirSync(path.join(folder, 'adapters'), { recursive: true });
    for (const name of ['run.mjs', 'lib.mjs']) copyFileSync(path.join(source, name), path.join(folder, name));
    cpSync(path.join(source, 'adapters'), path.join(folder, 'adapters'), { recursive: true });
    copyFileSync(path.join(here, 'adapter.mjs'), path.join(folder, 'adapters', 'plumbline.mjs'));
    // Where it lies, because it finds the texts from there.
    await run([path.join(source, 'gen-data.mjs'), data, '1000'], {}, say);
    return new LoadClient(folder, data, say);
  }

  async run({ peer, address, phases, env = {}, pid, start }: LoadRun): Promise<readonly Phase[]> {
    const office = [process.execPath, '--import', 'tsx', path.join(here, 'back-office.ts')];
    const options = {
      '--peer': peer,
      '--base': address,
      '--data': this.data,
      '--phases': phases.join(','),
      '--limit': '60',
      '--pid': pid,
      '--start': start,
    };
    const args = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
    const lines: string[] = [];
    const take = (line: string) => {
      lines.push(line);
      this.say(line);
    };
    await run([path.join(this.folder, 'run.mjs'), ...args], { ...env, PLUMBLINE_BENCH_OFFICE: JSON.stringify(office) }, take);
    const found = lines.map((line) => phaseSchema.parse(JSON.parse(line)));
    const crashed = found.find((phase) => phase.crashed !== undefined);
    if (crashed) throw new AppError('UNAVAILABLE', `The load client failed in the phase ${crashed.phase}: ${crashed.crashed}`);
    return found;
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>>, take: (line: string) => void): Promise<void> {
  // In the checkout, so that the back office finds tsx and its paths.
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', take);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new AppError('UNAVAILABLE', `${args[0]} ended with ${code}.`))));
  });
}
