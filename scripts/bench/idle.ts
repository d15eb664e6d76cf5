import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Busy cores up to which a machine counts as quiet. */
export const quiet = 1 / 6;

const sampleMs = 1_000;

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
