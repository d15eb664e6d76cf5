/** The origin that the browser sees, from the request's own headers (a proxy in front names itself in x-forwarded-*). */
export function originOf(headers: Headers): string {
  const host = headers.get('x-forwarded-host') ?? headers.get('host') ?? '';
  const protocol = headers.get('x-forwarded-proto')?.split(',')[0]?.trim() ?? 'http';
  return `${protocol}://${host}`;
}

/**
 * Whether a request that changes something comes from our own pages. A browser sends `Origin` with every POST; without it,
 * or from elsewhere, nothing is changed. `publicUrl` holds where it is set, so that a made-up Host header decides nothing.
 */
export function isSameOrigin(headers: Headers, publicUrl: string | null): boolean {
  const origin = headers.get('origin');
  if (!origin) return false;
  if (headers.get('sec-fetch-site') === 'cross-site') return false;
  return origin === (publicUrl ? new URL(publicUrl).origin : originOf(headers));
}
