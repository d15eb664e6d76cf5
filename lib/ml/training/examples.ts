import type { TokenRow } from '#lib/ml/batches';
import type { BranchedText } from './token-rows';

/**
 * What trainers learn from, as token ids. A prompt starts with the begin token; an answer ends with the end token where it ended. Splits are those of
 * the prompt: no prompt is in two.
 */
export type Split = 'TRAIN' | 'VALIDATION' | 'TEST';

/** Two answers to a prompt of which the first was preferred. */
export interface PreferencePair {
  readonly pairId: string;
  readonly promptId: string;
  readonly split: Split;
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
  /** 1 / C(K, 2) where the pair comes out of a ranking of K, so that every ranking weighs the same. */
  readonly weight: number;
  /** How much better, where annotators said so. */
  readonly margin: number | null;
}

/** An answer that somebody called good or bad by itself. */
export interface LabelledAnswer {
  readonly answerId: string;
  readonly promptId: string;
  readonly split: Split;
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
  readonly desirable: boolean;
  readonly weight: number;
}

/** A text to be imitated; its loss weights say which tokens. */
export interface SftExample {
  readonly exampleId: string;
  readonly split: Split;
  /** What kind of text it is, for mixtures and for metrics. */
  readonly task: string;
  readonly text: BranchedText;
}

/** A prompt that a policy answers. */
export interface TrainingPrompt {
  readonly promptId: string;
  /** Token ids with BOS. */
  readonly tokens: readonly number[];
}

/** One sampled answer. `response` holds the end token where the model ended it. */
export interface Episode extends TokenRow {
  readonly promptId: string;
  readonly ended: boolean;
}

export interface RewardScores {
  /** What each answer is worth, in their order. */
  readonly total: readonly number[];
  /** What the total is made of, or what else is known of it (`spread` of an ensemble), one number an answer; logged as means. */
  readonly parts?: Readonly<Record<string, readonly number[]>>;
}

/**
 * What answers are worth: a reward model, an ensemble, a rule, a server. A scorer that cannot score throws; it never answers with a stand-in.
 */
export type RewardScorer = (answers: readonly Episode[], signal?: AbortSignal) => RewardScores | Promise<RewardScores>;
