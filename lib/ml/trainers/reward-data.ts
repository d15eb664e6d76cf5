import { AppError } from '#lib/errors';
import type { Split } from '#lib/ml/training/examples';
import { marginTable, type RewardConfig } from './reward-config';
import { type JudgedPair, judgedPairs, judgements, type RankedPrompt } from './reward-pairs';

/** A prompt as the trainer sees it. */
export interface RewardExample {
  readonly promptId: string;
  readonly prompt: readonly number[];
  readonly answers: readonly (readonly number[])[];
  readonly ids: readonly string[];
  readonly pairs: readonly JudgedPair[];
  /** Whole orders, for losses that are not of pairs; a comparison is an order of two. */
  readonly orders: readonly { readonly ranks: readonly (number | null)[]; readonly weight: number }[];
}

/** Something about the data that is not wrong, with how it was handled. */
export interface DataNote {
  readonly check: 'one-answer' | 'all-tied' | 'same-answers' | 'contradicting-labels' | 'empty-answer';
  readonly handling: string;
  readonly count: number;
  /** The first few. */
  readonly examples: readonly string[];
}

const handlings: Readonly<Record<DataNote['check'], string>> = {
  'one-answer': 'prompts without two answers that were compared: left out of training and of every measure',
  'all-tied': 'rankings that only tie: kept, as what the setting for ties makes of them',
  'same-answers': 'judgements of two answers with the same tokens: left out, since no model can tell them apart',
  'contradicting-labels': 'pairs that were judged both ways: kept, as a soft label by weight',
  'empty-answer': 'answers without a token: their score is that of the prompt by itself',
};

const shownExamples = 5;

class Notes {
  private readonly found = new Map<DataNote['check'], { count: number; examples: string[] }>();

  add(check: DataNote['check'], what: string): void {
    const note = this.found.get(check) ?? { count: 0, examples: [] };
    note.count += 1;
    if (note.examples.length < shownExamples) note.examples.push(what);
    this.found.set(check, note);
  }

  list(): DataNote[] {
    return [...this.found].map(([check, note]) => ({ check, handling: handlings[check], ...note }));
  }
}

/** What was said of each pair of texts, also in several rows about one prompt: finds labels that contradict. */
class Statements {
  private readonly numbers = new Map<string, number>();
  private readonly winners = new Map<string, number>();
  private readonly contradicted = new Set<string>();

  constructor(private readonly notes: Notes) {}

  private number(text: string): number {
    const known = this.numbers.get(text) ?? this.numbers.size;
    this.numbers.set(text, known);
    return known;
  }

  add(pair: { promptId: string; first: string; second: string; outcome: 'wins' | 'losses' | 'ties' }, names: string): void {
    if (pair.outcome === 'ties') return;
    const [first, second] = [this.number(pair.first), this.number(pair.second)];
    const winner = pair.outcome === 'wins' ? first : second;
    const key = `${Math.min(first, second)} ${Math.max(first, second)} ${pair.promptId}`;
    const before = this.winners.get(key) ?? winner;
    this.winners.set(key, before);
    if (before === winner || this.contradicted.has(key)) return;
    this.contradicted.add(key);
    this.notes.add('contradicting-labels', `${pair.promptId}: ${names}`);
  }
}

function bad(message: string, details: Readonly<Record<string, string | number>>, remedy: string): AppError {
  return new AppError('BAD_INPUT', message, { details, remedy });
}

/** Throws BAD_INPUT naming the prompt, the answer and what is wrong. */
function checkPrompt(prompt: RankedPrompt, contextLength: number): void {
  const { comparisons = [], promptId, rankings, responses } = prompt;
  const name = `Prompt ${promptId}`;
  if (prompt.prompt.length === 0) {
    throw bad(`${name} has no tokens; it needs at least the begin token.`, { promptId }, 'Write the prompt, or leave it out.');
  }
  for (const { responseId, tokens } of responses) {
    const length = prompt.prompt.length + tokens.length;
    if (length <= contextLength) continue;
    throw bad(
      `${name} with answer ${responseId} has ${prompt.prompt.length} + ${tokens.length} = ${length} tokens; the model reads at most ${contextLength}.`,
      { promptId, responseId, promptTokens: prompt.prompt.length, answerTokens: tokens.length, contextLength },
      'Shorten the prompt or the answer, or leave them out: nothing is cut silently.',
    );
  }
  rankings.forEach((ranking, index) => {
    const where = `${name}, ranking ${index + 1}`;
    if (ranking.ranks.length !== responses.length) {
      throw bad(
        `${where}: ${ranking.ranks.length} ranks for ${responses.length} answers.`,
        { promptId },
        'Give one rank, or null, an answer.',
      );
    }
    checkNumbers(where, promptId, { weight: ranking.weight ?? 1, strength: ranking.strength ?? 0 });
    for (const rank of ranking.ranks) if (rank !== null) checkNumbers(where, promptId, { rank });
  });
  comparisons.forEach((comparison, index) => {
    const where = `${name}, comparison ${index + 1}`;
    const { first, second } = comparison;
    if (first === second || responses[first] === undefined || responses[second] === undefined) {
      const message = `${where}: it compares answers ${first} and ${second} of ${responses.length}.`;
      throw bad(message, { promptId }, 'Name two different answers by their number, from 0.');
    }
    checkNumbers(where, promptId, { weight: comparison.weight ?? 1, strength: comparison.strength ?? 0 });
  });
}

function checkNumbers(where: string, promptId: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isFinite(value) && (name !== 'weight' || value >= 0)) continue;
    throw bad(`${where}: the ${name} is ${value}.`, { promptId, field: name }, 'Give a finite number, and no weight below 0.');
  }
}

function checkSplits(data: readonly RankedPrompt[]): void {
  const splits = new Map<string, Split>();
  for (const { promptId, split } of data) {
    const before = splits.get(promptId) ?? split;
    if (before !== split) {
      throw bad(
        `Prompt ${promptId} is in the splits ${before} and ${split}.`,
        { promptId, splits: `${before}, ${split}` },
        'Put all rankings of a prompt into one split: else what is measured has been learned.',
      );
    }
    splits.set(promptId, split);
  }
}

/** What is to be known of a prompt's judgements; returns those that can be learned from. */
function usablePairs(prompt: RankedPrompt, config: RewardConfig, notes: Notes, said: Statements): JudgedPair[] {
  const { promptId, responses } = prompt;
  const keys = responses.map(({ tokens }) => tokens.join());
  const id = (index: number) => responses[index]?.responseId ?? '';
  responses.forEach(({ responseId, tokens }) => {
    if (tokens.length === 0) notes.add('empty-answer', `${promptId}: ${responseId}`);
  });
  prompt.rankings.forEach(({ ranks }) => {
    const ranked = ranks.filter((rank) => rank !== null);
    if (ranked.length > 1 && new Set(ranked).size === 1) notes.add('all-tied', promptId);
  });
  let judged = 0;
  for (const { first, outcome, second } of judgements(prompt)) {
    judged += 1;
    if (keys[first] === keys[second]) notes.add('same-answers', `${promptId}: ${id(first)}, ${id(second)}`);
    else said.add({ promptId, first: keys[first] as string, second: keys[second] as string, outcome }, `${id(first)}, ${id(second)}`);
  }
  const margins = marginTable(config);
  const apart = Object.values(config.terms).some(Boolean);
  const pairs = judgedPairs(prompt, { annotatorWeights: config.annotatorWeights, apart, ...(margins ? { margins } : {}) });
  const told = pairs.filter(({ first, second }) => keys[first] !== keys[second]);
  if (judged === 0) notes.add('one-answer', promptId);
  if (config.ties !== 'drop') return told;
  return told.map((pair) => ({ ...pair, ties: 0 })).filter(({ losses, wins }) => wins + losses > 0);
}

function ordersOf({ comparisons = [], rankings, responses }: RankedPrompt, config: RewardConfig): RewardExample['orders'] {
  const weightOf = (annotatorId: string | null, weight = 1) =>
    weight * (annotatorId === null ? 1 : (config.annotatorWeights[annotatorId] ?? 1));
  const compared = comparisons.map(({ annotatorId, better, first, second, weight }) => {
    const ranks: (number | null)[] = responses.map(() => null);
    ranks[first] = better === 'second' ? 2 : 1;
    ranks[second] = better === 'first' ? 2 : 1;
    return { ranks, weight: weightOf(annotatorId, weight) };
  });
  const keys = responses.map(({ tokens }) => tokens.join());
  return [...rankings.map(({ annotatorId, ranks, weight }) => ({ ranks, weight: weightOf(annotatorId, weight) })), ...compared]
    .map(({ ranks, weight }) => {
      // of answers with the same tokens the first that is ranked stands for all
      const repeats = (index: number) => keys.some((key, other) => other < index && key === keys[index] && ranks[other] !== null);
      return { ranks: ranks.map((rank, index) => (repeats(index) ? null : rank)), weight };
    })
    .filter(({ ranks, weight }) => weight > 0 && ranks.filter((rank) => rank !== null).length > 1);
}

/**
 * Examples by split, with notes on what is odd in the data. Throws BAD_INPUT, naming it, for what cannot be learned from: prompts in two splits, answers
 * that do not fit the model, numbers that are none.
 */
export function rewardExamples(
  data: readonly RankedPrompt[],
  config: RewardConfig,
  contextLength: number,
): { readonly examples: Readonly<Record<Split, RewardExample[]>>; readonly notes: readonly DataNote[] } {
  checkSplits(data);
  const notes = new Notes();
  const said = new Statements(notes);
  const examples: Record<Split, RewardExample[]> = { TRAIN: [], VALIDATION: [], TEST: [] };
  for (const prompt of data) {
    checkPrompt(prompt, contextLength);
    const pairs = usablePairs(prompt, config, notes, said);
    if (pairs.length === 0) continue;
    examples[prompt.split].push({
      promptId: prompt.promptId,
      prompt: prompt.prompt,
      answers: prompt.responses.map(({ tokens }) => tokens),
      ids: prompt.responses.map(({ responseId }) => responseId),
      pairs,
      orders: ordersOf(prompt, config),
    });
  }
  return { examples, notes: notes.list() };
}
