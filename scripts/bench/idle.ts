import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Busy cores up to which a machine counts as quiet. */
export const quiet = 1 / 6;

const sampleMs = 1_000;

const pollMs = 100;
/** USER_HZ of Linux, in which /proc counts. */
const ticksMs = 10;

/** Processor time of all cores since they were started, milliseconds. */
function times(): { busy: number; total: number } {
  let busy = 0;
  let total = 0;
  for (const { times: each } of cpus()) {
    const all = each.user + each.nice + each.sys + each.idle + each.irq;
    total += all;
    busy += all - each.idle;
  }
  return { busy, total };
}

/** Cores that other work keeps busy now, over one second: 0 on a quiet machine. */
async function busyCores(): Promise<number> {
  const before = times();
  await sleep(sampleMs);
  const after = times();
  return (cpus().length * (after.busy - before.busy)) / Math.max(1, after.total - before.total);
}

/** Waits until the machine is quiet, at most `mostSeconds`; returns what is busy then. */
export async function waitUntilIdle(mostSeconds: number, say: (line: string) => void): Promise<number> {
  const until = performance.now() + mostSeconds * 1000;
  let told = false;
  for (;;) {
    const busy = await busyCores();
    if (busy < quiet || performance.now() > until) return busy;
    if (!told) say(`other work keeps ${busy.toFixed(1)} cores busy; waiting up to ${mostSeconds} s`);
    told = true;
  }
}

/** Processor time of all threads of a process, milliseconds; undefined where /proc does not tell (other systems, or it has ended). */
function processMs(pid: number): number | undefined {
  try {
    // pid (name) state ...: the name may hold anything, and utime and stime are the 12th and 13th field behind it
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * ticksMs;
  } catch {
    return undefined;
  }
}

/**
 * Watches what runs beside a process. The returned function ends it and tells how many cores other work kept busy meanwhile; null where the
 * system does not tell what the process itself took.
 */
export function watchOtherWork(pid: number): () => number | null {
  const since = performance.now();
  const { busy } = times();
  let own = processMs(pid);
  const timer = setInterval(() => {
    own = processMs(pid) ?? own;
  }, pollMs);
  return () => {
    clearInterval(timer);
    return own === undefined ? null : Math.max(0, times().busy - busy - own) / (performance.now() - since);
  };
}
