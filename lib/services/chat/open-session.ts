import { randomInt, randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
import { drawModels } from '#lib/domain/chat';
import { addOutbox } from '../outbox/add-outbox';

interface Session {
  readonly id: string;
  readonly modelIds: readonly string[];
}

/** The open session of an assignment, locked, so that two pages of one person come one after the other; made where there is none. */
export async function openSession(tx: Tx, assignmentId: string, modelIds: readonly string[], now: Date): Promise<Session> {
  const seed = randomInt(2 ** 31 - 1);
  const drawn = modelIds.length > 1 ? drawModels(modelIds, seed) : [...modelIds];
  await tx.$executeRaw`
    insert into "ChatSession" ("id", "assignmentId", "modelIds", "seed", "createdAt")
    values (${randomUUID()}, ${assignmentId}, ${drawn}::text[], ${seed}, ${now}::timestamp)
    on conflict ("assignmentId") where "annotationId" is null do nothing`;
  const [session] = await tx.$queryRaw<Session[]>`
    select "id", "modelIds" from "ChatSession" where "assignmentId" = ${assignmentId} and "annotationId" is null for update`;
  if (!session) throw new Error('The session that was just made is gone.');
  return session;
}

/** Keeps a turn and asks a worker for its replies, in one transaction with what asked for it. */
export async function addTurn(tx: Tx, session: Session, turn: { ordinal: number; text: string }, now: Date): Promise<void> {
  const { id } = await tx.chatTurn.create({
    data: {
      sessionId: session.id,
      ordinal: turn.ordinal,
      text: turn.text,
      createdAt: now,
      replies: { create: session.modelIds.map((_, side) => ({ side, createdAt: now })) },
    },
    select: { id: true },
  });
  await addOutbox(tx, { kind: 'chat-turn', subjectId: id, dedupeKey: `chat-turn-${id}` });
}

/** A model takes the machine's time: one person asks only so often, over all his tasks. */
export async function turnsInLastMinute(tx: Tx, userId: string, now: Date): Promise<number> {
  return tx.chatTurn.count({
    where: { createdAt: { gt: new Date(now.getTime() - 60_000) }, session: { assignment: { annotatorId: userId } } },
  });
}
