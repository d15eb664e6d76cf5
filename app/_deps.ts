import { createDeps } from '#lib/deps';
import { loadEnv } from '#lib/env';
import type { Deps } from '#lib/services/deps';

declare global {
  var plumblineOnce: Map<string, unknown> | undefined;
}

/** One value a process: a page that is compiled again in development keeps the connections of the first. */
export function once<T>(name: string, make: () => T): T {
  globalThis.plumblineOnce ??= new Map();
  const known = globalThis.plumblineOnce;
  if (!known.has(name)) known.set(name, make());
  return known.get(name) as T;
}

/** Made on the first request, never while building. */
export function getDeps(): Deps {
  return once('deps', () => createDeps({ name: 'web' }));
}

export function getWebConfig(): { secret: string; publicUrl: string | null } {
  return once('web-config', () => {
    const { secret, publicUrl } = loadEnv();
    return { secret, publicUrl };
  });
}
