import { cancelLoop, cancelLoopInput } from '#lib/services/loops/cancel-loop';
import { closeTasks, closeTasksInput } from '#lib/services/loops/close-tasks';
import { createLoop, createLoopInput } from '#lib/services/loops/create-loop';
import { decideGate, decideGateInput } from '#lib/services/loops/decide-gate';
import { decideRound, decideRoundInput } from '#lib/services/loops/decide-round';
import { getLoop, getLoopInput } from '#lib/services/loops/get-loop';
import { listLoops, listLoopsInput } from '#lib/services/loops/list-loops';
import { pauseLoop, pauseLoopInput } from '#lib/services/loops/pause-loop';
import { resumeLoop, resumeLoopInput } from '#lib/services/loops/resume-loop';
import { startLoop, startLoopInput } from '#lib/services/loops/start-loop';
import { procedure, router } from '../init';

export const loopsRouter = router({
  list: procedure.input(listLoopsInput).query(({ ctx, input }) => listLoops(ctx.deps, ctx.actor, input)),
  get: procedure.input(getLoopInput).query(({ ctx, input }) => getLoop(ctx.deps, ctx.actor, input)),
  create: procedure.input(createLoopInput).mutation(({ ctx, input }) => createLoop(ctx.deps, ctx.actor, input)),
  start: procedure.input(startLoopInput).mutation(({ ctx, input }) => startLoop(ctx.deps, ctx.actor, input)),
  pause: procedure.input(pauseLoopInput).mutation(({ ctx, input }) => pauseLoop(ctx.deps, ctx.actor, input)),
  resume: procedure.input(resumeLoopInput).mutation(({ ctx, input }) => resumeLoop(ctx.deps, ctx.actor, input)),
  cancel: procedure.input(cancelLoopInput).mutation(({ ctx, input }) => cancelLoop(ctx.deps, ctx.actor, input)),
  closeTasks: procedure.input(closeTasksInput).mutation(({ ctx, input }) => closeTasks(ctx.deps, ctx.actor, input)),
  decideGate: procedure.input(decideGateInput).mutation(({ ctx, input }) => decideGate(ctx.deps, ctx.actor, input)),
  decideRound: procedure.input(decideRoundInput).mutation(({ ctx, input }) => decideRound(ctx.deps, ctx.actor, input)),
});
