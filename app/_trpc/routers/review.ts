import { answerHint, answerHintInput } from '#lib/services/review/answer-hint';
import { decideReview, decideReviewInput } from '#lib/services/review/decide-review';
import { judgeTask, judgeTaskInput } from '#lib/services/review/judge-task';
import { listReviewQueue, listReviewQueueInput } from '#lib/services/review/list-review-queue';
import { openReview, openReviewInput } from '#lib/services/review/open-review';
import { requestScoring, requestScoringInput } from '#lib/services/review/request-scoring';
import { procedure, router } from '../init';

export const reviewRouter = router({
  queue: procedure.input(listReviewQueueInput).query(({ ctx, input }) => listReviewQueue(ctx.deps, ctx.actor, input)),
  open: procedure.input(openReviewInput).query(({ ctx, input }) => openReview(ctx.deps, ctx.actor, input)),
  judge: procedure.input(judgeTaskInput).mutation(({ ctx, input }) => judgeTask(ctx.deps, ctx.actor, input)),
  decide: procedure.input(decideReviewInput).mutation(({ ctx, input }) => decideReview(ctx.deps, ctx.actor, input)),
  answerHint: procedure.input(answerHintInput).mutation(({ ctx, input }) => answerHint(ctx.deps, ctx.actor, input)),
  requestScoring: procedure.input(requestScoringInput).mutation(({ ctx, input }) => requestScoring(ctx.deps, ctx.actor, input)),
});
