import { listDatasets, listDatasetsInput } from '#lib/services/data/list-datasets';
import { listPrompts, listPromptsInput } from '#lib/services/data/list-prompts';
import { procedure, router } from '../init';

export const dataRouter = router({
  datasets: procedure.input(listDatasetsInput).query(({ ctx, input }) => listDatasets(ctx.deps, ctx.actor, input)),
  prompts: procedure.input(listPromptsInput).query(({ ctx, input }) => listPrompts(ctx.deps, ctx.actor, input)),
});
