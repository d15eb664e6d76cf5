import { getGuideline, getGuidelineInput } from '#lib/services/guidelines/get-guideline';
import { saveGuideline, saveGuidelineInput } from '#lib/services/guidelines/save-guideline';
import { createProject, createProjectInput } from '#lib/services/projects/create-project';
import { getProjectOverview, getProjectOverviewInput } from '#lib/services/projects/get-project-overview';
import { procedure, router } from '../init';

export const projectsRouter = router({
  create: procedure.input(createProjectInput).mutation(({ ctx, input }) => createProject(ctx.deps, ctx.actor, input)),
  overview: procedure.input(getProjectOverviewInput).query(({ ctx, input }) => getProjectOverview(ctx.deps, ctx.actor, input)),
  guideline: procedure.input(getGuidelineInput).query(({ ctx, input }) => getGuideline(ctx.deps, ctx.actor, input)),
  saveGuideline: procedure.input(saveGuidelineInput).mutation(({ ctx, input }) => saveGuideline(ctx.deps, ctx.actor, input)),
});
