export const dynamic = 'force-dynamic';

/** The process answers. It asks nothing else, so that a slow database restarts no web server. */
export function GET(): Response {
  return Response.json({ status: 'live' }, { headers: { 'cache-control': 'no-store' } });
}
