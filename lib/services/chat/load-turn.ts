import { type ChatTaskSpec, chatTaskSpec, conversationOf, demonstrationTaskSpec } from '#lib/domain/chat';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import type { Deps } from '#lib/services/deps';

/** A job of the chat queue: an attempt at an outbox row. */
export interface TurnJob {
  readonly outboxId: string;
  readonly attempt: number;
}

interface WantedReply {
  readonly side: number;
  readonly modelId: string;
  readonly messages: readonly Message[];
}

export interface OpenTurn {
  readonly turnId: string;
  readonly seed: number;
  readonly sampling: Pick<ChatTaskSpec, 'temperature' | 'maxNewTokens'>;
  /** What is still to be written; what an earlier attempt wrote stays. */
  readonly wanted: readonly WantedReply[];
}

/** What this attempt has to write; null where another attempt took over, or all is there. */
export async function loadTurn(deps: Pick<Deps, 'db'>, job: TurnJob): Promise<OpenTurn | null> {
  const row = await deps.db.outbox.findUnique({ where: { id: job.outboxId } });
  if (!row || row.doneAt || row.attempt !== job.attempt) return null;
  const turn = await deps.db.chatTurn.findUnique({
    where: { id: row.subjectId },
    select: {
      ordinal: true,
      replies: { select: { side: true, state: true }, orderBy: { side: 'asc' } },
      session: {
        select: {
          seed: true,
          modelIds: true,
          turns: {
            orderBy: { ordinal: 'asc' },
            select: { ordinal: true, text: true, replies: { select: { side: true, state: true, text: true } } },
          },
          assignment: { select: { task: { select: { kind: true, spec: true, prompt: { select: { messages: true } } } } } },
        },
      },
    },
  });
  if (!turn) return null;
  const { seed, modelIds, turns, assignment } = turn.session;
  const { kind, spec, prompt } = assignment.task;
  const messages = messagesSchema.parse(prompt.messages);
  const told = turns.filter(({ ordinal }) => ordinal <= turn.ordinal);
  const heardBy = (side: number) =>
    told.map(({ text, replies }) => {
      const reply = replies.find((one) => one.side === side && one.state === 'DONE');
      return { text, reply: reply?.text ?? null };
    });
  const { temperature, maxNewTokens } = (kind === 'CHAT' ? chatTaskSpec : demonstrationTaskSpec).parse(spec);
  return {
    turnId: row.subjectId,
    seed,
    sampling: { temperature, maxNewTokens },
    wanted: turn.replies
      .filter(({ state }) => state === 'PENDING')
      .map(({ side }) => ({
        side,
        modelId: modelIds[side] ?? '',
        messages: kind === 'CHAT' ? conversationOf(messages, heardBy(side)) : messages,
      })),
  };
}
