import type { Db } from '#lib/db/create-db';
import type { Prisma } from '#lib/db/generated/client';

export const roundInclude = {
  runs: {
    orderBy: { createdAt: 'asc' },
    select: { id: true, kind: true, status: true, step: true, totalSteps: true, phase: true, result: true, inputs: true },
  },
  transitions: { orderBy: [{ at: 'asc' }, { id: 'asc' }] },
} as const satisfies Prisma.RoundInclude;

export type RoundRow = Prisma.RoundGetPayload<{ include: typeof roundInclude }>;

interface LabelCounts {
  readonly filled: number;
  readonly wanted: number;
  readonly activeMs: number;
}

/** What all cells of a loop's rounds are made of, in few queries. */
export interface RoundFacts {
  readonly names: ReadonlyMap<string, string>;
  readonly people: ReadonlyMap<string, string>;
  readonly snapshots: ReadonlyMap<string, { hash: string; annotations: number }>;
  /** By `${roundId} ${purpose}`. */
  readonly labels: ReadonlyMap<string, LabelCounts>;
}

export async function readRoundFacts(db: Db, rounds: readonly RoundRow[]): Promise<RoundFacts> {
  const present = (ids: readonly (string | null)[]) => [...new Set(ids.filter((id) => id !== null))];
  const modelIds = present(rounds.flatMap((round) => [round.initPolicyId, round.rewardModelId, round.candidateId]));
  const models = await db.modelVersion.findMany({ where: { id: { in: modelIds } }, select: { id: true, name: true } });
  const userIds = present(rounds.flatMap((round) => round.transitions.map((transition) => transition.actorId)));
  const users = await db.user.findMany({ where: { id: { in: userIds } }, select: { id: true, name: true } });
  const snapshots = await db.snapshot.findMany({
    where: { id: { in: present(rounds.map((round) => round.snapshotId)) } },
    select: { id: true, hash: true, _count: { select: { annotations: true } } },
  });
  const counts = await db.$queryRaw<{ roundId: string; purpose: string; wanted: bigint; filled: bigint; activeMs: bigint }[]>`
    select t."roundId", t."purpose"::text as "purpose",
      count(*) filter (where s."state" <> 'CANCELLED') as "wanted",
      count(*) filter (where s."state" = 'FILLED') as "filled",
      coalesce(sum(a."activeMs"), 0)::bigint as "activeMs"
    from "Slot" s
    join "Task" t on t."id" = s."taskId"
    left join "Annotation" a on a."id" = s."liveAnnotationId"
    where t."roundId" = any(${rounds.map((round) => round.id)})
    group by t."roundId", t."purpose"`;
  return {
    names: new Map(models.map((model) => [model.id, model.name])),
    people: new Map(users.map((user) => [user.id, user.name])),
    snapshots: new Map(snapshots.map((snapshot) => [snapshot.id, { hash: snapshot.hash, annotations: snapshot._count.annotations }])),
    labels: new Map(
      counts.map((row) => [
        `${row.roundId} ${row.purpose}`,
        { wanted: Number(row.wanted), filled: Number(row.filled), activeMs: Number(row.activeMs) },
      ]),
    ),
  };
}
