import { getAuth } from '../../../_auth/auth';
import { isSameOrigin } from '../../../_auth/origin';
import { getWebConfig } from '../../../_deps';

export const dynamic = 'force-dynamic';

export async function GET(request: Request): Promise<Response> {
  return getAuth().handler(request);
}

/** better-auth looks at the origin of a request that carries a session; ours must come from our pages always, signing in too. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers, getWebConfig().publicUrl)) return Response.json({ code: 'FOREIGN_ORIGIN' }, { status: 403 });
  return getAuth().handler(request);
}
