/** A path of ours to go on to after signing in; anything else (another host, a script address) becomes the home page. */
export function safeNext(next: string | undefined): string {
  const outside = 'http://outside.invalid';
  if (!next?.startsWith('/') || !URL.canParse(next, outside)) return '/';
  const { origin, pathname, search, hash } = new URL(next, outside);
  return origin === outside && !pathname.startsWith('//') ? pathname + search + hash : '/';
}
