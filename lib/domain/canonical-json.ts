import { createHash } from 'node:crypto';
import { AppError } from '#lib/errors';

/** Half of a surrogate pair: legal in a JavaScript string, impossible in UTF-8. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/**
 * One byte sequence for one value: keys sorted by code unit, no white space, numbers as ECMAScript prints them
 * (RFC 8785). Keys whose value is undefined are left out, as JSON.stringify does.
 * @throws AppError INVARIANT for what JSON cannot hold (NaN, Infinity, functions, lone surrogates).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'string') {
    if (hasLoneSurrogate(value)) throw new AppError('INVARIANT', 'A text holds half of a surrogate pair and has no canonical bytes.');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new AppError('INVARIANT', `The number ${value} has no canonical bytes.`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  throw new AppError('INVARIANT', `A ${typeof value} has no canonical bytes.`);
}

/** Lower-case hexadecimal sha256; a string is hashed as its UTF-8 bytes. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function hashJson(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** What outlives an erasure: once the salt is destroyed, nobody can test a guess of the text against it. */
export function saltedHash(salt: string, text: string): string {
  return sha256Hex(canonicalJson([salt, text]));
}
