import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { ZodError } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { foreignOrigin, shownError, trpcCode } from './errors';

interface Context {
  deps: Deps;
  /** Null when signed out. */
  actor: Actor | null;
  /** The request comes from a page of ours. */
  sameOrigin: boolean;
}

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
  errorFormatter: ({ shape, error }) => {
    const shown = shownError(error.cause);
    return { message: shown.message, code: shape.code, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, shown } };
  },
});

export const router = t.router;

/** For everyone, signed in or not; an AppError keeps its words and gets the HTTP status of its code. */
export const publicProcedure = t.procedure
  .use(async ({ ctx, next, path }) => {
    const result = await next();
    if (result.ok) return result;
    const { cause } = result.error;
    if (cause instanceof AppError) throw new TRPCError({ code: trpcCode[cause.code], message: cause.message, cause });
    // A service that refuses its input throws the ZodError itself: that is the caller's fault, not ours.
    if (cause instanceof ZodError) throw new TRPCError({ code: 'BAD_REQUEST', message: 'The input is not accepted.', cause });
    if (result.error.code === 'INTERNAL_SERVER_ERROR') ctx.deps.logger.error({ err: cause ?? result.error, path }, 'a request failed');
    return result;
  })
  .use(({ ctx, next, type }) => {
    if (type === 'mutation' && !ctx.sameOrigin) {
      throw foreignOrigin();
    }
    return next();
  });

/** For signed-in people. */
export const procedure = publicProcedure.use(({ ctx, next }) => {
  if (!ctx.actor) throw new AppError('UNAUTHENTICATED', 'Sign in again.');
  return next({ ctx: { ...ctx, actor: ctx.actor } });
});
