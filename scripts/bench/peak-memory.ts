import { readFileSync } from 'node:fs';

const pollMs = 50;

/** VmHWM of a process, MiB; undefined where /proc does not tell (other systems, or it has ended). */
function peakMib(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

/** Watches the largest resident memory of a process. The returned function ends it and tells it, MiB; null where the system does not. */
export function watchPeakMemory(pid: number): () => number | null {
  let peak = peakMib(pid);
  const timer = setInterval(() => {
    peak = peakMib(pid) ?? peak;
  }, pollMs);
  return () => {
    clearInterval(timer);
    return peak ?? null;
  };
}
