import { AppError } from '#lib/errors';

/** Tokens and which of them are learnt. */
interface TrainingText {
  readonly tokens: readonly number[];
  /** Weight of the loss of each token, 0 for one that is only read. By default 1 for all. */
  readonly weights?: readonly number[];
}

/** A text, or several that begin alike: every branch sees the prefix and itself, and goes on with the prefix's positions. */
export interface BranchedText {
  /** Its first token is predicted from nothing and so never learnt. */
  readonly prefix: TrainingText;
  readonly branches?: readonly TrainingText[];
}

/** Rows of one length for one pass of a trunk, with what is predicted where. Flat positions count through `tokens`: row * time + index. */
export interface TokenRows {
  readonly batch: number;
  readonly time: number;
  /** `[batch * time]` */
  readonly tokens: Int32Array;
  /** Position of each token in its own text: `[batch * time]`. */
  readonly positions: Int32Array;
  /** Undefined where every row is one text. Else, for each token, the number of its text in the row and of its branch (0 for the prefix): `[batch * time]`. */
  readonly parts: { readonly texts: Float32Array; readonly branches: Float32Array } | undefined;
  /** Flat positions from which is predicted, what comes there, and the weight of its loss; in the order of rows, texts, branches and tokens. */
  readonly predictedFrom: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  /** Flat position of the last token of each branch, or of each text that has none; in the same order. */
  readonly ends: Int32Array;
}

export interface RowOptions {
  readonly padId: number;
  /** Of the model: a prefix and one of its branches are not longer together. */
  readonly contextLength: number;
  /** Length of all rows; by default that of the longest, rounded up so that few lengths occur. */
  readonly time?: number;
}

const timeBucket = 16;

function bad(where: string, message: string, remedy?: string): AppError {
  return new AppError('BAD_INPUT', `${where}: ${message}.`, { details: { where }, ...(remedy === undefined ? {} : { remedy }) });
}

/** Throws BAD_INPUT naming `where` and the token. */
function checkText({ tokens, weights }: TrainingText, where: string): void {
  const wrong = tokens.findIndex((token) => !Number.isInteger(token) || token < 0);
  if (wrong >= 0) throw bad(where, `token ${wrong + 1} is ${tokens[wrong]}, which is no token id`);
  if (weights === undefined) return;
  if (weights.length !== tokens.length) throw bad(where, `${weights.length} loss weights for ${tokens.length} tokens`);
  const strange = weights.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (strange >= 0) throw bad(where, `the loss weight of token ${strange + 1} is ${weights[strange]}; it has to be a number from 0 on`);
}

/** Tokens that a text takes up in a row. */
export function lengthOf({ branches = [], prefix }: BranchedText): number {
  return branches.reduce((sum, { tokens }) => sum + tokens.length, prefix.tokens.length);
}

/** Throws BAD_INPUT naming `where` for what cannot be computed: no tokens, tokens or weights that are no numbers, longer than the context. */
function checkBranchedText({ branches = [], prefix }: BranchedText, contextLength: number, where: string): void {
  checkText(prefix, where);
  if (prefix.tokens.length === 0) throw bad(where, 'it has no tokens; it needs at least the begin token');
  const longest = branches.reduce((most, { tokens }) => Math.max(most, tokens.length), 0) + prefix.tokens.length;
  if (longest > contextLength) {
    throw bad(where, `it has ${longest} tokens; the model reads at most ${contextLength}`, 'Shorten or leave out the text.');
  }
  branches.forEach((branch, index) => {
    checkText(branch, `${where}, branch ${index + 1}`);
  });
}

/** Collects one row after the other. */
class RowWriter {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly texts: Float32Array;
  readonly branches: Float32Array;
  readonly predictedFrom: number[] = [];
  readonly targets: number[] = [];
  readonly weights: number[] = [];
  readonly ends: number[] = [];
  private at = 0;

  constructor(size: number, padId: number) {
    this.tokens = new Int32Array(size).fill(padId);
    this.positions = new Int32Array(size);
    // padding is a text of its own, so that nothing of it is seen from elsewhere
    this.texts = new Float32Array(size).fill(-1);
    this.branches = new Float32Array(size);
  }

  startRow(start: number): void {
    this.at = start;
  }

  write(text: BranchedText, number: number): void {
    const { branches = [], prefix } = text;
    const first = this.at;
    this.append(prefix, { from: undefined, position: 0, text: number, branch: 0 });
    const last = first + prefix.tokens.length - 1;
    if (branches.length === 0) this.ends.push(last);
    branches.forEach((branch, index) => {
      this.append(branch, { from: last, position: prefix.tokens.length, text: number, branch: index + 1 });
      // a branch without tokens ends where its prefix does
      this.ends.push(branch.tokens.length === 0 ? last : this.at - 1);
    });
  }

  /** `from`: where the first token is predicted from. */
  private append(
    { tokens, weights }: TrainingText,
    place: { readonly from: number | undefined; readonly position: number; readonly text: number; readonly branch: number },
  ): void {
    tokens.forEach((token, index) => {
      const from = index === 0 ? place.from : this.at - 1;
      const weight = weights === undefined ? 1 : (weights[index] ?? 0);
      if (from !== undefined && weight > 0) {
        this.predictedFrom.push(from);
        this.targets.push(token);
        this.weights.push(weight);
      }
      this.tokens[this.at] = token;
      this.positions[this.at] = place.position + index;
      this.texts[this.at] = place.text;
      this.branches[this.at] = place.branch;
      this.at += 1;
    });
  }
}

/** Lays out texts by row, one after the other. Throws BAD_INPUT naming row and text, also where a row is longer than `time`. */
export function layRows(rows: readonly (readonly BranchedText[])[], options: RowOptions): TokenRows {
  const { contextLength, padId } = options;
  const lengths = rows.map((texts) => texts.reduce((sum, text) => sum + lengthOf(text), 0));
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  const rounded = Math.ceil(longest / timeBucket) * timeBucket;
  const time = options.time ?? (longest <= contextLength ? Math.min(rounded, contextLength) : rounded);
  const writer = new RowWriter(rows.length * time, padId);
  for (const [row, texts] of rows.entries()) {
    const where = (index: number) => (texts.length === 1 ? `Row ${row + 1}` : `Row ${row + 1}, text ${index + 1}`);
    for (const [index, text] of texts.entries()) checkBranchedText(text, contextLength, where(index));
    if ((lengths[row] ?? 0) > time) throw bad(`Row ${row + 1}`, `it has ${lengths[row]} tokens; rows are ${time} long`);
    writer.startRow(row * time);
    for (const [index, text] of texts.entries()) writer.write(text, index);
  }
  const plain = rows.every((texts) => texts.length === 1 && (texts[0]?.branches ?? []).length === 0);
  return {
    batch: rows.length,
    time,
    tokens: writer.tokens,
    positions: writer.positions,
    parts: plain ? undefined : { texts: writer.texts, branches: writer.branches },
    predictedFrom: Int32Array.from(writer.predictedFrom),
    targets: Int32Array.from(writer.targets),
    weights: Float32Array.from(writer.weights),
    ends: Int32Array.from(writer.ends),
  };
}
