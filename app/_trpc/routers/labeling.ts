import { claimTask, claimTaskInput } from '#lib/services/labeling/claim-task';
import { correctAnnotation, correctAnnotationInput } from '#lib/services/labeling/correct-annotation';
import { getAssignmentView, getAssignmentViewInput } from '#lib/services/labeling/get-assignment-view';
import { heartbeatAssignments, heartbeatAssignmentsInput } from '#lib/services/labeling/heartbeat';
import { labelingProgress, labelingProgressInput } from '#lib/services/labeling/labeling-progress';
import { openOwnAnnotation, openOwnAnnotationInput } from '#lib/services/labeling/open-own-annotation';
import { saveDraft, saveDraftInput } from '#lib/services/labeling/save-draft';
import { skipTask, skipTaskInput } from '#lib/services/labeling/skip-task';
import { submitAnnotation, submitAnnotationInput } from '#lib/services/labeling/submit-annotation';
import { withdrawAnnotation, withdrawAnnotationInput } from '#lib/services/labeling/withdraw-annotation';
import { procedure, router } from '../init';

export const labelingRouter = router({
  claim: procedure.input(claimTaskInput).mutation(({ ctx, input }) => claimTask(ctx.deps, ctx.actor, input)),
  view: procedure.input(getAssignmentViewInput).query(({ ctx, input }) => getAssignmentView(ctx.deps, ctx.actor, input)),
  own: procedure.input(openOwnAnnotationInput).query(({ ctx, input }) => openOwnAnnotation(ctx.deps, ctx.actor, input)),
  heartbeat: procedure.input(heartbeatAssignmentsInput).mutation(({ ctx, input }) => heartbeatAssignments(ctx.deps, ctx.actor, input)),
  saveDraft: procedure.input(saveDraftInput).mutation(({ ctx, input }) => saveDraft(ctx.deps, ctx.actor, input)),
  submit: procedure.input(submitAnnotationInput).mutation(({ ctx, input }) => submitAnnotation(ctx.deps, ctx.actor, input)),
  withdraw: procedure.input(withdrawAnnotationInput).mutation(({ ctx, input }) => withdrawAnnotation(ctx.deps, ctx.actor, input)),
  correct: procedure.input(correctAnnotationInput).mutation(({ ctx, input }) => correctAnnotation(ctx.deps, ctx.actor, input)),
  skip: procedure.input(skipTaskInput).mutation(({ ctx, input }) => skipTask(ctx.deps, ctx.actor, input)),
  progress: procedure.input(labelingProgressInput).query(({ ctx, input }) => labelingProgress(ctx.deps, ctx.actor, input)),
});
