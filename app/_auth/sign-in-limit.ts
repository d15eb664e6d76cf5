import { createHash } from 'node:crypto';
import type { Deps } from '#lib/services/deps';

/** Tries of one account in one window, whatever address they come from: an address can be made up, an account not. */
const tries = 10;
const windowMs = 5 * 60_000;

/**
 * Counts one sign-in try for `email` and says whether it may go on. One statement: two tries at once are both counted.
 * The row lives in the table of better-auth's own limits; the key is a hash, so that the table names no addresses.
 */
export async function mayTrySignIn(deps: Pick<Deps, 'db' | 'clock'>, email: string): Promise<boolean> {
  const key = `account-${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`;
  const now = BigInt(deps.clock.now().getTime());
  const start = now - BigInt(windowMs);
  const rows = await deps.db.$queryRaw<{ count: number }[]>`
    INSERT INTO "RateLimit" ("id", "key", "count", "lastRequest") VALUES (gen_random_uuid()::text, ${key}, 1, ${now})
    ON CONFLICT ("key") DO UPDATE SET
      "count" = CASE WHEN "RateLimit"."lastRequest" < ${start} THEN 1 ELSE "RateLimit"."count" + 1 END,
      "lastRequest" = CASE WHEN "RateLimit"."count" >= ${tries} AND "RateLimit"."lastRequest" >= ${start} THEN "RateLimit"."lastRequest" ELSE ${now} END
    RETURNING "count"`;
  return (rows[0]?.count ?? 1) <= tries;
}

/** A right password ends the counting. */
export async function forgetSignInTries(deps: Pick<Deps, 'db'>, email: string): Promise<void> {
  const key = `account-${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`;
  await deps.db.$executeRaw`DELETE FROM "RateLimit" WHERE "key" = ${key}`;
}
