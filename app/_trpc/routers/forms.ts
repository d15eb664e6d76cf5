import { saveForm, saveFormInput } from '#lib/services/forms/save-form';
import { cancelTasks, cancelTasksInput } from '#lib/services/tasks/cancel-tasks';
import { listTaskCounts, listTaskCountsInput } from '#lib/services/tasks/list-task-counts';
import { procedure, router } from '../init';

export const formsRouter = router({
  save: procedure.input(saveFormInput).mutation(({ ctx, input }) => saveForm(ctx.deps, ctx.actor, input)),
  taskCounts: procedure.input(listTaskCountsInput).query(({ ctx, input }) => listTaskCounts(ctx.deps, ctx.actor, input)),
  cancelTasks: procedure.input(cancelTasksInput).mutation(({ ctx, input }) => cancelTasks(ctx.deps, ctx.actor, input)),
});
