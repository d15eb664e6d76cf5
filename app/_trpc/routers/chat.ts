import { askSuggestion } from '#lib/services/chat/ask-suggestion';
import { getChat, getChatInput } from '#lib/services/chat/get-chat';
import { getSuggestions } from '#lib/services/chat/get-suggestions';
import { retryTurn, retryTurnInput } from '#lib/services/chat/retry-turn';
import { sendTurn, sendTurnInput } from '#lib/services/chat/send-turn';
import { suggestionsInput } from '#lib/services/chat/suggestions';
import { procedure, router } from '../init';

export const chatRouter = router({
  view: procedure.input(getChatInput).query(({ ctx, input }) => getChat(ctx.deps, ctx.actor, input)),
  send: procedure.input(sendTurnInput).mutation(({ ctx, input }) => sendTurn(ctx.deps, ctx.actor, input)),
  retry: procedure.input(retryTurnInput).mutation(({ ctx, input }) => retryTurn(ctx.deps, ctx.actor, input)),
  suggestions: procedure.input(suggestionsInput).query(({ ctx, input }) => getSuggestions(ctx.deps, ctx.actor, input)),
  suggest: procedure.input(suggestionsInput).mutation(({ ctx, input }) => askSuggestion(ctx.deps, ctx.actor, input)),
});
