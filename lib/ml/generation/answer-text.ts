import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';

/** Prompt tokens that the first tokens of an answer are decoded with: a blank between the two belongs to the answer. */
const contextTokens = 8;
/** A text that ends in broken bytes for so long is broken. */
const mostHeld = 16;
const replacement = '\ufffd';

/**
 * The text of an answer as its tokens come: what was given out is never taken back, and a character of several tokens comes whole. The
 * pieces joined are the text of prompt and answer decoded together less the prompt's; where bytes are no UTF-8, each token's own decoding.
 */
export class AnswerText {
  /** The last tokens whose text was given out, and those that were not: a window, so that a token costs the same at any length. */
  private ids: number[];
  private given: number;

  constructor(
    private readonly tokenizer: Pick<Tokenizer, 'decode'>,
    prompt: readonly number[],
  ) {
    this.ids = prompt.slice(-contextTokens);
    this.given = this.ids.length;
  }

  /** What the token makes certain; empty for a part of a character. */
  push(token: number): string {
    this.ids.push(token);
    const before = this.tokenizer.decode(this.ids.slice(0, this.given));
    const text = this.tokenizer.decode(this.ids);
    if (text.endsWith(replacement) && this.ids.length - this.given < mostHeld) return '';
    return this.give(before, text);
  }

  /** What is left when the answer is over: a character without its end becomes U+FFFD. */
  end(): string {
    if (this.given === this.ids.length) return '';
    return this.give(this.tokenizer.decode(this.ids.slice(0, this.given)), this.tokenizer.decode(this.ids));
  }

  private give(before: string, text: string): string {
    const piece = text.startsWith(before) ? text.slice(before.length) : this.tokenizer.decode(this.ids.slice(this.given));
    // without any text in the window a tokenizer would strip the blank of the next word
    if (piece !== '') this.ids = this.ids.slice(this.given);
    this.given = this.ids.length;
    return piece;
  }
}
