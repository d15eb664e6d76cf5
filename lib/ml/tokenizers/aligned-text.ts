/** In the text of a step, the code units `from` to `to` become `text`. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Range of UTF-16 code units in the original text, end exclusive. */
export type Span = readonly [start: number, end: number];

/**
 * A piece of text on its way from the original to what the model looks up, with the place in the original of each of its code units.
 * An insertion has an empty range; every unit of a replacement has the whole range of what it replaces, so that the bytes of one
 * character all point to that character.
 */
export class AlignedText {
  private constructor(
    readonly text: string,
    /** Where the piece begins in the original; its only alignment while nothing was edited. */
    private readonly base: number,
    /** Of every unit: where its source starts and ends in the original. Undefined while unit i is unit base + i of the original. */
    private readonly starts: Int32Array | undefined,
    private readonly ends: Int32Array | undefined,
    /** Without offsets, edits make no arrays. */
    private readonly tracked: boolean,
  ) {}

  static of(text: string, base: number, tracked: boolean): AlignedText {
    return new AlignedText(text, base, undefined, undefined, tracked);
  }

  /** The piece stands at the very beginning of the original. */
  get atStart(): boolean {
    return this.base === 0;
  }

  slice(from: number, to: number): AlignedText {
    if (from === 0 && to === this.text.length) return this;
    return new AlignedText(
      this.text.slice(from, to),
      this.base + from,
      this.starts?.subarray(from, to),
      this.ends?.subarray(from, to),
      this.tracked,
    );
  }

  /** Edits in order, not overlapping. */
  replace(edits: readonly Edit[]): AlignedText {
    if (edits.length === 0) return this;
    let text = '';
    let position = 0;
    let shifts = this.starts !== undefined;
    for (const edit of edits) {
      text += this.text.slice(position, edit.from) + edit.text;
      position = edit.to;
      if (edit.to - edit.from !== 1 || edit.text.length !== 1) shifts = true;
    }
    text += this.text.slice(position);
    if (!this.tracked || !shifts) return new AlignedText(text, this.base, this.starts, this.ends, this.tracked);
    const starts = new Int32Array(text.length);
    const ends = new Int32Array(text.length);
    let at = 0;
    const keep = (from: number, to: number) => {
      for (let unit = from; unit < to; unit += 1, at += 1) {
        starts[at] = this.startOf(unit);
        ends[at] = this.endOf(unit);
      }
    };
    position = 0;
    for (const edit of edits) {
      keep(position, edit.from);
      const start = this.startOf(edit.from);
      const end = edit.to > edit.from ? this.endOf(edit.to - 1) : start;
      starts.fill(start, at, at + edit.text.length);
      ends.fill(end, at, at + edit.text.length);
      at += edit.text.length;
      position = edit.to;
    }
    keep(position, this.text.length);
    return new AlignedText(text, this.base, starts, ends, true);
  }

  /** Range in the original of the units `from` to `to`, at least one. */
  span(from: number, to: number): Span {
    return [this.startOf(from), this.endOf(to - 1)];
  }

  private startOf(unit: number): number {
    if (!this.starts || !this.ends) return this.base + unit;
    return this.starts[unit] ?? this.ends.at(-1) ?? this.base;
  }

  private endOf(unit: number): number {
    return this.ends ? (this.ends[unit] ?? this.base) : this.base + unit + 1;
  }
}

/** One edit a match. */
export function editMatches(text: string, pattern: RegExp, replacement: (match: string) => string): Edit[] {
  const edits: Edit[] = [];
  for (const match of text.matchAll(pattern)) {
    const replaced = replacement(match[0]);
    if (replaced !== match[0]) edits.push({ from: match.index, to: match.index + match[0].length, text: replaced });
  }
  return edits;
}
