const allowed = new Set(['http:', 'https:', 'mailto:']);

/** The address in full, as the browser would go to it (a look-alike host in its xn-- form), or null where we do not offer to go. */
export function linkAddress(written: string): string | null {
  // Without a scheme it would lead into this product: an answer has no business there.
  if (!/^[a-z][a-z0-9+.-]*:/i.test(written.trim())) return null;
  try {
    const url = new URL(written.trim());
    return allowed.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
