import { hashJson } from '#lib/domain/canonical-json';
import { isEmpty } from './messages';
import type { NoteBook } from './notes';
import type { LabelRow, PairRow, RankingRow, TrainingData } from './training-data';

/** Remembers first places by content. */
function seenBefore(): (content: unknown) => boolean {
  const seen = new Set<string>();
  return (content) => {
    const hash = hashJson(content);
    if (seen.has(hash)) return true;
    seen.add(hash);
    return false;
  };
}

function lookOverRankings(rows: readonly RankingRow[], notes: NoteBook): void {
  for (const { place, rankings, responses } of rows) {
    if (new Set(responses.map((response) => hashJson(response))).size < responses.length) notes.add('identical-responses', place);
    for (const response of responses) if (isEmpty(response)) notes.add('empty-answer', place);
    for (const { ranks } of rankings) {
      const used = ranks.filter((rank) => rank !== null);
      if (used.length < 2) notes.add('compares-nothing', place);
      else if (new Set(used).size === 1) notes.add('all-tied', place);
    }
    for (const [first] of responses.entries()) {
      for (let second = first + 1; second < responses.length; second += 1) {
        const signs = new Set(rankings.map(({ ranks }) => Math.sign((ranks[first] ?? Number.NaN) - (ranks[second] ?? Number.NaN))));
        if (signs.has(1) && signs.has(-1)) notes.add('contradicting-labels', place);
      }
    }
  }
}

/** Pairs of two equal answers are left out. */
function lookOverPairs(rows: readonly PairRow[], notes: NoteBook): PairRow[] {
  const repeated = seenBefore();
  const judged = new Set<string>();
  return rows.filter(({ chosen, place, prompt, rejected }) => {
    const [better, worse] = [hashJson(chosen), hashJson(rejected)];
    if (better === worse) {
      notes.add('identical-pair', place);
      return false;
    }
    if (repeated([prompt, better, worse])) notes.add('repeated-row', place);
    const asked = hashJson(prompt);
    if (judged.has(`${asked} ${worse} ${better}`)) notes.add('contradicting-labels', place);
    judged.add(`${asked} ${better} ${worse}`);
    if (isEmpty(chosen) || isEmpty(rejected)) notes.add('empty-answer', place);
    return true;
  });
}

function lookOverLabels(rows: readonly LabelRow[], notes: NoteBook): void {
  const labels = new Map<string, boolean>();
  for (const { completion, desirable, place, prompt } of rows) {
    const hash = hashJson([prompt, completion]);
    const before = labels.get(hash);
    if (before !== undefined) notes.add(before === desirable ? 'repeated-row' : 'contradicting-labels', place);
    labels.set(hash, desirable);
    if (isEmpty(completion)) notes.add('empty-answer', place);
  }
}

/** Counts what is no error and worth telling. */
export function lookOver(data: TrainingData, notes: NoteBook): TrainingData {
  if (data.form === 'rankings') lookOverRankings(data.rows, notes);
  else if (data.form === 'labels') lookOverLabels(data.rows, notes);
  else if (data.form === 'pairs') return { ...data, rows: lookOverPairs(data.rows, notes) };
  else {
    const repeated = seenBefore();
    for (const { id: _, place, split: __, ...content } of data.rows) if (repeated(content)) notes.add('repeated-row', place);
  }
  return data;
}
