import type { Split } from '#lib/domain/splits';

/** One message as chat templates read it: role, content, and what else a template knows (`tool_calls`, `name`). */
export interface TrainingMessage {
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

/** A plain text, or messages that the model's chat template writes. */
export type PromptOrAnswer = string | readonly TrainingMessage[];

interface Row {
  /** Where it stands, for messages to the reader: `train.jsonl, line 4`. */
  readonly place: string;
  /** The row's own id, or the number of its line (`2:14` = line 14 of the second file). */
  readonly id: string;
  /** The same for prompts that differ only in case, width or white space, and for one group: what a split never cuts. */
  readonly promptId: string;
  readonly split: Split;
}

export interface Ranking {
  readonly annotatorId: string | null;
  /** Dense rank of each response, 1 = best, equal = tied; null = set aside. */
  readonly ranks: readonly (number | null)[];
  readonly strength: number | null;
  readonly weight: number;
}

/** Answers to a prompt with everything that was said about exactly these answers. */
export interface RankingRow extends Row {
  readonly prompt: PromptOrAnswer;
  readonly responses: readonly PromptOrAnswer[];
  readonly rankings: readonly Ranking[];
}

export interface PairRow extends Row {
  readonly prompt: PromptOrAnswer;
  readonly chosen: PromptOrAnswer;
  readonly rejected: PromptOrAnswer;
  readonly margin: number | null;
}

export interface CompletionRow extends Row {
  readonly prompt: PromptOrAnswer;
  readonly completion: PromptOrAnswer;
  readonly task: string | null;
}

export interface LabelRow extends Row {
  readonly prompt: PromptOrAnswer;
  readonly completion: PromptOrAnswer;
  readonly desirable: boolean;
}

export interface ConversationRow extends Row {
  readonly messages: readonly TrainingMessage[];
  /** Loss weight of each message; null where the row gives none. */
  readonly weights: readonly (number | null)[];
  readonly tools: readonly unknown[] | null;
  readonly task: string | null;
}

export interface TextRow extends Row {
  readonly text: string;
  readonly task: string | null;
}

export interface PromptOnlyRow extends Row {
  readonly prompt: PromptOrAnswer;
  /** What a rule reward compares an answer with. */
  readonly expected: string | null;
}

/** Something that a reader should know about and that is no error. */
export interface DataNote {
  readonly kind: NoteKind;
  readonly count: number;
  readonly message: string;
  /** Where, at most five. */
  readonly examples: readonly string[];
}

export type NoteKind = keyof typeof noteTexts;

export const noteTexts = {
  'all-tied': 'rankings in which all answers are tied; kept, they pull scores together and give no pair',
  'compares-nothing': 'rankings that rank fewer than two answers; kept, they add nothing',
  'joined-rankings': 'rows that were joined with an earlier row of the same prompt and answers',
  'contradicting-labels': 'pairs of answers, or answers, that are judged in opposite ways; all judgements are kept',
  'empty-answer': 'answers without text; kept, they are the end token alone',
  'identical-pair': 'pairs of two equal answers; left out, they teach nothing',
  'identical-responses': 'rankings with two equal answers; kept',
  'repeated-row': 'rows that say what an earlier row says; kept, they weigh that much more',
  'cut-prompt': 'prompts whose beginning was cut off to fit',
  'left-out-overlong': 'rows left out because they are longer than the model reads',
  'ties-without-pair': 'tied pairs of answers, which are no preference; left out of pairs',
} as const;

interface Of<Form extends string, R> {
  readonly form: Form;
  readonly rows: readonly R[];
  readonly notes: readonly DataNote[];
}

export type TrainingData =
  | Of<'rankings', RankingRow>
  | Of<'pairs', PairRow>
  | Of<'completions', CompletionRow>
  | Of<'labels', LabelRow>
  | Of<'messages', ConversationRow>
  | Of<'text', TextRow>
  | Of<'prompts', PromptOnlyRow>;

export type TrainingForm = TrainingData['form'];
