import { AppError } from '#lib/errors';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { AnswerText } from './answer-text';
import { type RowKey, uniformAt } from './keyed-noise';
import type { Prediction } from './prediction';
import { sampleToken } from './sample-token';
import { penalises, type SamplingFilters } from './sampling-filters';
import { StopStrings } from './stop-strings';

type FinishReason = 'eos' | 'length' | 'stop';

export interface GeneratedAnswer {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  /** The new tokens; the stop token is the last one where the model ended the answer itself, the last one of a stop string where that did. */
  readonly tokenIds: number[];
  /** Log-probability of each new token at the sampling temperature, before any filter. */
  readonly logProbs: Float32Array;
  /** Where filters are on and the temperature is above 0: log-probability by the distribution that each token was drawn from. */
  readonly filteredLogProbs?: Float32Array;
  /** Where margins were asked for: how far each choice was from another one (see SampledToken). */
  readonly margins?: Float32Array;
  /** Where a tokenizer was given. */
  readonly text?: string;
  readonly finishReason: FinishReason;
}

/** One new token of one row. */
export interface TokenEvent {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly token: number;
  readonly logProb: number;
  /** Text that is certain with this token, whole characters; empty without a tokenizer. */
  readonly text: string;
  readonly finishReason?: FinishReason;
}

/** Text of answers, and where it ends. */
export interface TextOptions {
  readonly tokenizer: Pick<Tokenizer, 'decode'>;
  /** An answer ends where its text holds one of these. */
  readonly stop?: readonly string[];
  /** Whether the text of the answer holds the stop string as well. */
  readonly includeStop?: boolean;
}

/** What is equal for all rows of a generation. */
export interface RowSettings {
  readonly temperature: number;
  readonly filters: SamplingFilters;
  readonly stopIds: ReadonlySet<number>;
  readonly margins: boolean;
  readonly text?: TextOptions;
  readonly onToken?: (event: TokenEvent) => void;
}

/** One answer while it is made. */
export class AnswerRow {
  readonly tokenIds: number[] = [];
  private readonly logProbs: number[] = [];
  private readonly filteredLogProbs: number[] = [];
  private readonly margins: number[] = [];
  private readonly seen: Set<number>;
  private readonly pieces: AnswerText | undefined;
  private readonly stops: StopStrings | undefined;
  private text = '';
  finishReason: FinishReason | undefined;

  constructor(
    private readonly settings: RowSettings,
    readonly promptIndex: number,
    readonly sampleIndex: number,
    readonly prompt: readonly number[],
    private readonly key: RowKey,
    readonly limit: number,
  ) {
    this.seen = new Set(penalises(settings.filters) ? prompt : []);
    if (!settings.text) return;
    this.pieces = new AnswerText(settings.text.tokenizer, prompt);
    this.stops = new StopStrings(settings.text.stop ?? [], settings.text.includeStop ?? false);
  }

  /** Draws the next token from entry `index` of a prediction. */
  draw(prediction: Prediction, index: number): number {
    const { filters, margins, onToken, temperature } = this.settings;
    const sampled = sampleToken(prediction, index, uniformAt(this.key, this.tokenIds.length), { temperature, filters, seen: this.seen });
    if (!sampled) throw this.notFinite();
    const { filteredLogProb, logProb, margin, token } = sampled;
    this.tokenIds.push(token);
    this.logProbs.push(logProb);
    if (filteredLogProb !== undefined) this.filteredLogProbs.push(filteredLogProb);
    if (margins) this.margins.push(margin ?? Number.NaN);
    if (penalises(filters)) this.seen.add(token);
    const text = this.finish(token);
    this.text += text;
    const { finishReason, promptIndex, sampleIndex } = this;
    onToken?.({ promptIndex, sampleIndex, token, logProb, text, ...(finishReason ? { finishReason } : {}) });
    return token;
  }

  /** Decides whether the row ends with `token`; the text that is certain now. */
  private finish(token: number): string {
    const ended = this.settings.stopIds.has(token);
    // what ends an answer is no part of its text
    const { text, stopped } = (!ended && this.pieces && this.stops?.push(this.pieces.push(token))) || { text: '', stopped: false };
    if (ended) this.finishReason = 'eos';
    else if (stopped) this.finishReason = 'stop';
    else if (this.tokenIds.length >= this.limit) this.finishReason = 'length';
    if (!this.finishReason || stopped || !this.pieces || !this.stops) return text;
    const last = this.stops.push(this.pieces.end());
    if (last.stopped) this.finishReason = 'stop';
    return text + last.text + (last.stopped ? '' : this.stops.end());
  }

  answer(): GeneratedAnswer {
    const { filteredLogProbs, finishReason = 'length', margins, promptIndex, sampleIndex, settings, tokenIds } = this;
    return {
      promptIndex,
      sampleIndex,
      tokenIds,
      logProbs: Float32Array.from(this.logProbs),
      ...(filteredLogProbs.length > 0 ? { filteredLogProbs: Float32Array.from(filteredLogProbs) } : {}),
      ...(settings.margins ? { margins: Float32Array.from(margins) } : {}),
      ...(settings.text ? { text: this.text } : {}),
      finishReason,
    };
  }

  private notFinite(): AppError {
    return new AppError(
      'INVARIANT',
      `The model's logits are not finite (prompt number ${this.promptIndex + 1}, new token ${this.tokenIds.length + 1}).`,
      {
        details: { check: 'finite-logits' },
        remedy: 'The weights have diverged: go back to an earlier checkpoint.',
      },
    );
  }
}
