import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { isSameOrigin } from '../../../_auth/origin';
import { readSession } from '../../../_auth/session';
import { getDeps, getWebConfig } from '../../../_deps';
import { callSlot } from '../../../_server/call-slot';
import { appRouter } from '../../../_trpc/root';

export const dynamic = 'force-dynamic';

function handle(req: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req,
    router: appRouter,
    createContext: async () => ({
      deps: getDeps(),
      actor: (await readSession(req.headers))?.actor ?? null,
      sameOrigin: isSameOrigin(req.headers, getWebConfig().publicUrl),
    }),
  });
}

callSlot.put(handle);

export { handle as GET, handle as POST };
