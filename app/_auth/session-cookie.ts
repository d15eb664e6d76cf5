import { createHmac, timingSafeEqual } from 'node:crypto';
import { getSessionCookie } from 'better-auth/cookies';

/**
 * The token in the signed session cookie of better-auth (`token.signature`, HMAC-SHA256 in base64; written by better-call's signCookieValue),
 * or null where there is none or its signature is not ours.
 */
export function readSessionToken(headers: Headers, { secret, cookiePrefix }: { secret: string; cookiePrefix: string }): string | null {
  const signed = getSessionCookie(headers, { cookiePrefix });
  if (!signed) return null;
  const dot = signed.lastIndexOf('.');
  if (dot < 1) return null;
  const token = signed.slice(0, dot);
  const given = Buffer.from(signed.slice(dot + 1), 'base64');
  const right = createHmac('sha256', secret).update(token).digest();
  return given.length === right.length && timingSafeEqual(given, right) ? token : null;
}
