import { getImportInput, getModelImport } from '#lib/services/models/get-import';
import { getModel, getModelInput } from '#lib/services/models/get-model';
import { listModels, listModelsInput } from '#lib/services/models/list-models';
import { requestImportInput, requestModelImport } from '#lib/services/models/request-import';
import { procedure, router } from '../init';

export const modelsRouter = router({
  list: procedure.input(listModelsInput).query(({ ctx, input }) => listModels(ctx.deps, ctx.actor, input)),
  get: procedure.input(getModelInput).query(({ ctx, input }) => getModel(ctx.deps, ctx.actor, input)),
  requestImport: procedure.input(requestImportInput).mutation(({ ctx, input }) => requestModelImport(ctx.deps, ctx.actor, input)),
  import: procedure.input(getImportInput).query(({ ctx, input }) => getModelImport(ctx.deps, ctx.actor, input)),
});
