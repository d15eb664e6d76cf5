import { toAppError } from '#lib/db/create-db';
import type { ReplyFailure } from '#lib/domain/chat';
import { retryable } from '#lib/errors';
import { generate } from '#lib/ml/generation/generate';
import { releaseTurn } from '#lib/services/chat/fail-turn';
import { loadTurn, type OpenTurn, type TurnJob } from '#lib/services/chat/load-turn';
import { type WrittenReply, writeReply } from '#lib/services/chat/write-reply';
import type { Deps } from '#lib/services/deps';
import { encodeConversation, type ModelShelf } from './model-shelf';
import { storable } from './sample-responses';

/** All replies of a turn, one after the other. What one side cannot do takes nothing from the other. */
export async function writeReplies(deps: Deps, job: TurnJob, shelf: () => Promise<ModelShelf>, shutdown: AbortSignal): Promise<void> {
  const turn = await loadTurn(deps, job);
  if (!turn) return;
  for (const wanted of turn.wanted) {
    let outcome: WrittenReply['outcome'];
    try {
      outcome = await answer(deps, turn, wanted, await shelf(), shutdown);
    } catch (cause) {
      if (shutdown.aborted) return releaseTurn(deps, job);
      const error = toAppError(cause);
      if (retryable[error.code]) throw error;
      deps.logger.error({ err: cause, turnId: turn.turnId, modelId: wanted.modelId }, 'a reply could not be written');
      outcome = { failed: error.code === 'NOT_FOUND' ? 'MODEL_GONE' : ('BROKEN' satisfies ReplyFailure) };
    }
    await writeReply(deps, job, { turnId: turn.turnId, side: wanted.side, outcome });
  }
}

async function answer(
  deps: Deps,
  { seed, sampling, turnId }: OpenTurn,
  { modelId, messages, side }: OpenTurn['wanted'][number],
  shelf: ModelShelf,
  signal: AbortSignal,
): Promise<WrittenReply['outcome']> {
  const talker = await shelf.get(deps, modelId);
  const prompt = encodeConversation(talker, messages);
  if (prompt.length >= talker.config.contextLength) return { failed: 'TOO_LONG' };
  const answers = generate({
    engine: shelf.engine,
    model: talker.model,
    prompts: [prompt],
    // The same attempt made again gives the same text; the two sides share no noise.
    promptKeys: [`${turnId} ${side}`],
    samplesPerPrompt: 1,
    maxNewTokens: sampling.maxNewTokens,
    temperature: sampling.temperature,
    seed,
    batchSize: 1,
    stopIds: talker.config.stopTokenIds,
    signal,
  });
  for await (const { tokenIds } of answers) {
    const text = storable(talker.tokenizer.decode([...tokenIds], { skipSpecial: true })).trim();
    return { text, tokenIds };
  }
  return { failed: 'BROKEN' };
}
