import { type NextRequest, NextResponse } from 'next/server';

declare const PLUMBLINE_DEVELOPMENT: boolean;

/**
 * The content security policy of a page. Scripts run by nonce only; `style-src-attr` is open because charts and progress
 * bars set sizes in style attributes. In development React needs `eval`, and hot reloading writes style elements without a nonce.
 */
function contentSecurityPolicy(nonce: string): string {
  const script = `'self' 'nonce-${nonce}' 'strict-dynamic'${PLUMBLINE_DEVELOPMENT ? " 'unsafe-eval'" : ''}`;
  const style = PLUMBLINE_DEVELOPMENT ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`;
  return [
    "default-src 'self'",
    `script-src ${script}`,
    `style-src ${style}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');
}

/** Gives every page a fresh nonce. Next reads it from the request's own policy header and puts it on its scripts. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(crypto.randomUUID());
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('x-pathname', `${request.nextUrl.pathname}${request.nextUrl.search}`);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

// Uploads, streams and health checks pass by: they carry no page, and the proxy would hold their bodies in memory.
export const config = { matcher: ['/((?!api/|health/|_next/static|_next/image|favicon.ico|icon.svg).*)'] };
