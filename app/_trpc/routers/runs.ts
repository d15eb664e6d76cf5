import { cancelRun, cancelRunInput } from '#lib/services/runs/cancel-run';
import { getMetrics, getMetricsInput } from '#lib/services/runs/get-metrics';
import { getRun, getRunInput } from '#lib/services/runs/get-run';
import { getSamples, getSamplesInput } from '#lib/services/runs/get-samples';
import { listRuns, listRunsInput } from '#lib/services/runs/list-runs';
import { pauseRun, pauseRunInput } from '#lib/services/runs/pause-run';
import { resumeRun, resumeRunInput } from '#lib/services/runs/resume-run';
import { watchRun, watchRunInput } from '#lib/services/runs/watch-run';
import { procedure, router } from '../init';

export const runsRouter = router({
  list: procedure.input(listRunsInput).query(({ ctx, input }) => listRuns(ctx.deps, ctx.actor, input)),
  get: procedure.input(getRunInput).query(({ ctx, input }) => getRun(ctx.deps, ctx.actor, input)),
  metrics: procedure.input(getMetricsInput).query(({ ctx, input }) => getMetrics(ctx.deps, ctx.actor, input)),
  samples: procedure.input(getSamplesInput).query(({ ctx, input }) => getSamples(ctx.deps, ctx.actor, input)),
  pause: procedure.input(pauseRunInput).mutation(({ ctx, input }) => pauseRun(ctx.deps, ctx.actor, input)),
  resume: procedure.input(resumeRunInput).mutation(({ ctx, input }) => resumeRun(ctx.deps, ctx.actor, input)),
  cancel: procedure.input(cancelRunInput).mutation(({ ctx, input }) => cancelRun(ctx.deps, ctx.actor, input)),
  /** Live over server-sent events: the state first, then every step as it is written. */
  watch: procedure
    .input(watchRunInput)
    .subscription(({ ctx, input, signal }) => watchRun(ctx.deps, ctx.actor, input, signal ?? new AbortController().signal)),
});
