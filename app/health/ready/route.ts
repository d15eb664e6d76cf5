import { getHealth } from '#lib/services/system/get-health';
import { getDeps } from '../../_deps';

export const dynamic = 'force-dynamic';

/** Whether requests can be served: the database answers. The reason is in the log and short here: this page is open to all. */
export async function GET(): Promise<Response> {
  const headers = { 'cache-control': 'no-store' };
  try {
    const health = await getHealth(getDeps());
    if (health.database.ok) return Response.json({ status: 'ready', queue: health.queue.ok ? 'ok' : 'down' }, { headers });
    return Response.json({ status: 'not-ready', reason: 'The database does not answer.' }, { status: 503, headers });
  } catch (error) {
    getDeps().logger.error({ err: error }, 'not ready');
    return Response.json({ status: 'not-ready', reason: 'The database does not answer.' }, { status: 503, headers });
  }
}
