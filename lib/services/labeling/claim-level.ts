import { Prisma } from '#lib/db/generated/client';
import type { Claimer } from './claimable';

/** The slots of one lane and priority that are free, or those whose lease ran out, from the person's cursor on. */
export interface Level {
  readonly laneId: number;
  readonly priority: number;
  readonly lapsed: boolean;
  readonly position: bigint;
  readonly expiredAt: Date | null;
  readonly expiredPosition: bigint;
}

/** A level as it is looked up: the cursor may have been written under another basis. */
export interface OpenLevel extends Omit<Level, 'position' | 'expiredPosition'> {
  readonly basis: string | null;
  readonly position: bigint | null;
  readonly expiredPosition: bigint | null;
}

/** The levels with the cursors that hold for this person now. */
export function levelsFor(claimer: Pick<Claimer, 'hidden'>, levels: readonly OpenLevel[]): readonly Level[] {
  const now = basisOf(claimer);
  return levels.map(({ basis, position, expiredAt, expiredPosition, ...level }) => {
    const holds = basis === now;
    return {
      ...level,
      position: (holds && position) || 0n,
      expiredAt: holds ? expiredAt : null,
      expiredPosition: (holds && expiredPosition) || 0n,
    };
  });
}

/** Where a claim looked, and the place of what it took there. */
export interface Visit {
  readonly level: Level;
  readonly claimedAt: bigint | null;
}

/** A cursor says nothing once the person has chosen to see other content. */
export function basisOf({ hidden }: Pick<Claimer, 'hidden'>): string {
  return hidden.join(' ');
}

/** The slots of a level from the cursor on, first to last. */
export function inLevel(level: Level, now: Date): { where: Prisma.Sql; order: Prisma.Sql; reverse: Prisma.Sql } {
  const lane = Prisma.sql`s."laneId" = ${level.laneId} and s."priority" = ${level.priority}`;
  if (!level.lapsed) {
    return {
      where: Prisma.sql`${lane} and s."state" = 'FREE' and s."position" >= ${level.position}`,
      order: Prisma.sql`s."position"`,
      reverse: Prisma.sql`s."position" desc`,
    };
  }
  const from = level.expiredAt === null ? Prisma.sql`'-infinity'::timestamp` : Prisma.sql`${level.expiredAt}::timestamp`;
  return {
    where: Prisma.sql`${lane} and s."state" = 'LEASED' and s."leaseExpiresAt" <= ${now}::timestamp
      and (s."leaseExpiresAt", s."position") >= (${from}, ${level.expiredPosition}::bigint)`,
    order: Prisma.sql`s."leaseExpiresAt", s."position"`,
    reverse: Prisma.sql`s."leaseExpiresAt" desc, s."position" desc`,
  };
}
