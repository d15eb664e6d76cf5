import { claimTask, claimTaskInput } from '#lib/services/labeling/claim-task';
import { correctAnnotation, correctAnnotationInput } from '#lib/services/labeling/correct-annotation';
import { countOpenTasks, countOpenTasksInput } from '#lib/services/labeling/count-open-tasks';
import { getAssignmentView, getAssignmentViewInput } from '#lib/services/labeling/get-assignment-view';
import { getLabelingPolicy, getLabelingPolicyInput } from '#lib/services/labeling/get-labeling-policy';
import { heartbeatAssignments, heartbeatAssignmentsInput } from '#lib/services/labeling/heartbeat';
import { labelingProgress, labelingProgressInput } from '#lib/services/labeling/labeling-progress';
import { listPools, listPoolsInput } from '#lib/services/labeling/list-pools';
import { openOwnAnnotation, openOwnAnnotationInput } from '#lib/services/labeling/open-own-annotation';
import { placeTasks, placeTasksInput } from '#lib/services/labeling/place-tasks';
import { returnTask, returnTaskInput } from '#lib/services/labeling/return-task';
import { saveDraft, saveDraftInput } from '#lib/services/labeling/save-draft';
import { saveLabelingPolicy, saveLabelingPolicyInput } from '#lib/services/labeling/save-labeling-policy';
import { savePool, savePoolInput } from '#lib/services/labeling/save-pool';
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
  policy: procedure.input(getLabelingPolicyInput).query(({ ctx, input }) => getLabelingPolicy(ctx.deps, ctx.actor, input)),
  savePolicy: procedure.input(saveLabelingPolicyInput).mutation(({ ctx, input }) => saveLabelingPolicy(ctx.deps, ctx.actor, input)),
  pools: procedure.input(listPoolsInput).query(({ ctx, input }) => listPools(ctx.deps, ctx.actor, input)),
  openTasks: procedure.input(countOpenTasksInput).query(({ ctx, input }) => countOpenTasks(ctx.deps, ctx.actor, input)),
  savePool: procedure.input(savePoolInput).mutation(({ ctx, input }) => savePool(ctx.deps, ctx.actor, input)),
  place: procedure.input(placeTasksInput).mutation(({ ctx, input }) => placeTasks(ctx.deps, ctx.actor, input)),
  returnTask: procedure.input(returnTaskInput).mutation(({ ctx, input }) => returnTask(ctx.deps, ctx.actor, input)),
});
