import type { Env } from '#lib/env';
import { findLockHolder } from '../bootstrap/data-lock.mjs';

/** Where people open an invitation: the public address, that of the running start, or that which the next start would have. */
export function joinLink(env: Pick<Env, 'publicUrl' | 'dataDir' | 'port'>, token: string): string {
  const address = env.publicUrl ?? findLockHolder(env.dataDir)?.address ?? `http://localhost:${env.port}`;
  return `${address}/join/${token}`;
}
