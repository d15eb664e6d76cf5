import { getPreferences, getPreferencesInput } from '#lib/services/own-work/get-preferences';
import { guidelineReading, guidelineReadingInput } from '#lib/services/own-work/guideline-reading';
import { listOwnAnnotations, listOwnAnnotationsInput } from '#lib/services/own-work/list-own-annotations';
import { markGuidelineRead, markGuidelineReadInput } from '#lib/services/own-work/mark-guideline-read';
import { savePreferences, savePreferencesInput } from '#lib/services/own-work/save-preferences';
import { procedure, router } from '../init';

export const ownWorkRouter = router({
  annotations: procedure.input(listOwnAnnotationsInput).query(({ ctx, input }) => listOwnAnnotations(ctx.deps, ctx.actor, input)),
  guideline: procedure.input(guidelineReadingInput).query(({ ctx, input }) => guidelineReading(ctx.deps, ctx.actor, input)),
  markGuidelineRead: procedure.input(markGuidelineReadInput).mutation(({ ctx, input }) => markGuidelineRead(ctx.deps, ctx.actor, input)),
  preferences: procedure.input(getPreferencesInput).query(({ ctx, input }) => getPreferences(ctx.deps, ctx.actor, input)),
  savePreferences: procedure.input(savePreferencesInput).mutation(({ ctx, input }) => savePreferences(ctx.deps, ctx.actor, input)),
});
