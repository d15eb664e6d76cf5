/** Offsets into texts are counted in Unicode code points: the same number in every language and on every screen. */

export function codePointLength(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (!isSecondHalf(text, index)) length += 1;
  }
  return length;
}

/** The second half of a surrogate pair; a half without its partner counts for itself. */
function isSecondHalf(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  if (unit < 0xdc00 || unit > 0xdfff || index === 0) return false;
  const before = text.charCodeAt(index - 1);
  return before >= 0xd800 && before <= 0xdbff;
}

/** Cuts pieces out of one text; a long text is walked once, however many pieces are cut. */
export function createSlicer(text: string): { readonly length: number; slice(start: number, end: number): string } {
  if (!/[\ud800-\udfff]/.test(text)) return { length: text.length, slice: (start, end) => text.slice(start, end) };
  const points = Array.from(text);
  return { length: points.length, slice: (start, end) => points.slice(start, end).join('') };
}

/** Code point offset of a position in a JavaScript string, as a selection of the browser gives it. */
export function toCodePoints(text: string, codeUnits: number): number {
  return codePointLength(text.slice(0, codeUnits));
}

/** Position in a JavaScript string of a code point offset. */
export function toCodeUnits(text: string, codePoints: number): number {
  let seen = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (isSecondHalf(text, index)) continue;
    if (seen === codePoints) return index;
    seen += 1;
  }
  return text.length;
}

/** Where the first character stands that no database text can hold (NUL, or half of a surrogate pair); null where none is. */
export function unkeepableAt(text: string): number | null {
  const index = text.search(/[\0\p{Surrogate}]/u);
  return index < 0 ? null : codePointLength(text.slice(0, index));
}
