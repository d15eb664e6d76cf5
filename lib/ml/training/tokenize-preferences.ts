import type { RankingRow, TrainingData } from '#lib/formats/training-data/training-data';
import type { RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import type { LabelledAnswer, PreferencePair } from './examples';
import { Fitting, refuseForm, type Tokenized } from './tokenize-fit';
import type { TextEncoder } from './tokenize-text';

/** Prompt and answers of one row as tokens, or null where it is left out. */
function encodeRow(
  row: Pick<RankingRow, 'place' | 'prompt' | 'responses'>,
  encoder: TextEncoder,
  fitting: Fitting,
): { readonly prompt: readonly number[]; readonly answers: readonly (readonly number[])[] } | null {
  const answers = row.responses.map((response) => encoder.answer(row.prompt, response, row.place));
  const longest = answers.reduce((most, { length }) => Math.max(most, length), 0);
  const isChat = encoder.isChat(row.prompt);
  const prompt = fitting.prompt(encoder.prompt(row.prompt, row.place), longest, { place: row.place, isChat });
  return prompt && { prompt, answers };
}

/** Rankings, or pairs as rankings of two: what a reward model learns from. The margin of a pair becomes the strength. */
export function rankedPrompts(data: TrainingData, encoder: TextEncoder): Tokenized<RankedPrompt> {
  if (data.form !== 'rankings' && data.form !== 'pairs') refuseForm(data.form, 'rankings', '"rankings" or "pairs"');
  const fitting = new Fitting(encoder, data.notes);
  const rows = data.form === 'rankings' ? data.rows : data.rows.map(pairAsRanking);
  const items = rows.flatMap((row): RankedPrompt[] => {
    const encoded = encodeRow(row, encoder, fitting);
    if (encoded === null) return [];
    const { answers, prompt } = encoded;
    const responses = answers.map((tokens, index) => ({ responseId: `${row.id}/${index + 1}`, tokens }));
    return [{ promptId: row.promptId, split: row.split, prompt, responses, rankings: row.rankings }];
  });
  return fitting.done(items, 'ranking');
}

type PairRows = Extract<TrainingData, { form: 'pairs' }>['rows'];

function pairAsRanking(row: PairRows[number]): RankingRow {
  const { chosen, margin, rejected, ...rest } = row;
  return { ...rest, responses: [chosen, rejected], rankings: [{ annotatorId: null, ranks: [1, 2], strength: margin, weight: 1 }] };
}

/**
 * Pairs, or all strict pairs of each ranking. A ranking of K answers weighs 1 as a whole: each of its pairs 1 / C(K, 2) (InstructGPT 2203.02155
 * eq. 1); tied pairs are no preference, are counted in the notes, and leave that weight to the others.
 */
export function preferencePairs(data: TrainingData, encoder: TextEncoder): Tokenized<PreferencePair> {
  if (data.form !== 'rankings' && data.form !== 'pairs') refuseForm(data.form, 'preferences', '"rankings" or "pairs"');
  const fitting = new Fitting(encoder, data.notes);
  const rows = data.form === 'rankings' ? data.rows : data.rows.map(pairAsRanking);
  const items = rows.flatMap((row): PreferencePair[] => {
    const encoded = encodeRow(row, encoder, fitting);
    if (encoded === null) return [];
    const { id, place, promptId, rankings, split } = row;
    const { answers, prompt } = encoded;
    return rankings.flatMap(({ ranks, strength, weight }, annotation) => {
      const { strict, tied } = pairsOfRanks(ranks);
      for (let tie = 0; tie < tied; tie += 1) fitting.notes.add('ties-without-pair', place);
      return strict.map(([better, worse]) => ({
        pairId: data.form === 'pairs' ? id : `${id}/${annotation + 1}/${better + 1}>${worse + 1}`,
        promptId,
        split,
        prompt,
        chosen: answers[better] as readonly number[],
        rejected: answers[worse] as readonly number[],
        weight: weight / strict.length,
        margin: strength,
      }));
    });
  });
  return fitting.done(items, 'preference');
}

/** Pairs [better, worse] by rank, and how many are tied; answers that were set aside are in none. */
function pairsOfRanks(ranks: readonly (number | null)[]): { strict: (readonly [number, number])[]; tied: number } {
  const strict: (readonly [number, number])[] = [];
  let tied = 0;
  ranks.forEach((a, first) => {
    for (let second = first + 1; second < ranks.length; second += 1) {
      const b = ranks[second] ?? null;
      if (a === null || b === null) continue;
      if (a === b) tied += 1;
      else strict.push(a < b ? [first, second] : [second, first]);
    }
  });
  return { strict, tied };
}

/**
 * Labelled answers; or pairs parted into a good and a bad answer; or rankings parted likewise: an answer counts as good with the weight of the
 * pairs that it wins, and as bad with that of those it loses.
 */
export function labelledAnswers(data: TrainingData, encoder: TextEncoder): Tokenized<LabelledAnswer> {
  if (data.form !== 'labels') return labelsOfPairs(preferencePairs(data, encoder));
  const fitting = new Fitting(encoder, data.notes);
  const items = data.rows.flatMap(({ completion, desirable, id, place, prompt, promptId, split }): LabelledAnswer[] => {
    const encoded = encodeRow({ place, prompt, responses: [completion] }, encoder, fitting);
    if (encoded === null) return [];
    const answer = encoded.answers[0] as readonly number[];
    return [{ answerId: id, promptId, split, prompt: encoded.prompt, answer, desirable, weight: 1 }];
  });
  return fitting.done(items, 'labelled answer');
}

function labelsOfPairs({ items, notes }: Tokenized<PreferencePair>): Tokenized<LabelledAnswer> {
  const answers = new Map<string, LabelledAnswer>();
  for (const { chosen, prompt, promptId, rejected, split, weight } of items) {
    for (const desirable of [true, false]) {
      const answer = desirable ? chosen : rejected;
      const key = JSON.stringify([promptId, prompt, answer, desirable]);
      const before = answers.get(key);
      const answerId = before?.answerId ?? `${promptId}/${answers.size + 1}`;
      answers.set(key, { answerId, promptId, split, prompt, answer, desirable, weight: (before?.weight ?? 0) + weight });
    }
  }
  return { items: [...answers.values()], notes };
}
