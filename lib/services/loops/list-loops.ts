import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { RoundStage, StageStatus } from '#lib/domain/loop';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';
import { waitingKind } from './get-loop';

export const listLoopsInput = z.strictObject({ projectId: z.uuid() });

export interface LoopSummary {
  readonly id: string;
  readonly name: string;
  readonly status: StageStatus;
  readonly createdAt: Date;
  readonly rounds: number;
  readonly stage: RoundStage | null;
  readonly stageStatus: StageStatus | null;
  readonly waitingFor: 'RESEARCHER' | 'ANNOTATOR' | null;
}

/** Newest first. */
export async function listLoops(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof listLoopsInput>): Promise<LoopSummary[]> {
  const { projectId } = listLoopsInput.parse(input);
  await authorise(deps, actor, projectId, 'loop.read');
  const loops = await deps.db.loop.findMany({
    where: { projectId },
    orderBy: { createdAt: 'desc' },
    include: { rounds: { orderBy: { ordinal: 'desc' }, take: 1, select: { stage: true, status: true, ordinal: true } } },
  });
  return loops.map((loop) => {
    const round = loop.rounds[0];
    const over = loop.status === 'DONE' || loop.status === 'CANCELLED';
    return {
      id: loop.id,
      name: loop.name,
      status: loop.status,
      createdAt: loop.createdAt,
      rounds: round?.ordinal ?? 0,
      stage: round?.stage ?? null,
      stageStatus: round?.status ?? null,
      waitingFor: round && !over ? (waitingKind(round)?.for ?? null) : null,
    };
  });
}
