import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { splitDialogues } from './implicit-prompt';
import { readAnswer, readPrompt, readPromptOrAnswer } from './messages';
import { type JsonRow, RowProblem, shown, take } from './row-problem';
import type { PairRow, PromptOrAnswer, Ranking, RankingRow } from './training-data';

/** What a reader makes of one row; place, id and split come from outside. */
export type Content<R> = Omit<R, 'place' | 'id' | 'promptId' | 'split'>;

const listSchema = z.array(z.unknown());
const numberOrNull = z.number().nullable();

function readRanks(value: unknown, answers: number): (number | null)[] {
  const wanted = 'whole numbers from 1 (best) on, equal where tied, null for an answer that was set aside';
  const ranks = take(value, 'ranks', z.array(z.int().min(1).nullable()), wanted);
  if (ranks.length !== answers) throw new RowProblem('ranks', `${ranks.length} ranks`, `${answers}, one for each of "responses"`);
  const used = [...new Set(ranks.filter((rank) => rank !== null))].sort((a, b) => a - b);
  const gap = used.findIndex((rank, index) => rank !== index + 1);
  if (gap >= 0)
    throw new RowProblem('ranks', shown(ranks), `ranks without gaps: nothing has rank ${gap + 1}, but something has ${used[gap]}`);
  if (used.length === 0) throw new RowProblem('ranks', shown(ranks), 'at least one answer that is not set aside');
  return ranks;
}

/** `{"prompt", "responses", "ranks", "annotator"?, "strength"?, "weight"?}`. Throws RowProblem. */
export function readRanking(row: JsonRow): Content<RankingRow> {
  const prompt = readPrompt(row.prompt, 'prompt');
  const written = take(row.responses, 'responses', listSchema, 'a list of answers');
  if (written.length < 2) throw new RowProblem('responses', `a ranking of ${written.length}`, 'at least two answers');
  const responses = written.map((answer, index) => readAnswer(answer, `responses[${index}]`, prompt));
  const annotator = take(row.annotator ?? null, 'annotator', z.union([z.string().min(1), z.number()]).nullable(), 'a name or a number');
  const ranking: Ranking = {
    annotatorId: annotator === null ? null : String(annotator),
    ranks: readRanks(row.ranks, responses.length),
    strength: take(row.strength ?? null, 'strength', numberOrNull, 'a number'),
    weight: take(row.weight ?? 1, 'weight', z.number().min(0), 'a number from 0 on'),
  };
  return { prompt, responses, rankings: [ranking] };
}

/** `{"prompt"?, "chosen", "rejected", "margin"?}`, texts or messages. Throws RowProblem. */
export function readPair(row: JsonRow): Content<PairRow> {
  const margin = take(row.margin ?? null, 'margin', numberOrNull, 'a number');
  const whole = { chosen: readPromptOrAnswer(row.chosen, 'chosen'), rejected: readPromptOrAnswer(row.rejected, 'rejected') };
  // UltraFeedback repeats as text, in `prompt`, what the dialogues begin with
  const bothBegin = typeof whole.chosen !== 'string' && typeof whole.rejected !== 'string' && whole.chosen[0]?.role !== 'assistant';
  if (row.prompt === undefined || (typeof row.prompt === 'string' && bothBegin)) {
    return { ...splitDialogues(whole.chosen, whole.rejected), margin };
  }
  const prompt = readPrompt(row.prompt, 'prompt');
  const answer = (field: 'chosen' | 'rejected') => readAnswer(withoutPrompt(whole[field], prompt) ?? row[field], field, prompt);
  return { prompt, chosen: answer('chosen'), rejected: answer('rejected'), margin };
}

/** Some files repeat the prompt's messages in front of both answers. */
function withoutPrompt(dialogue: PromptOrAnswer, prompt: PromptOrAnswer): PromptOrAnswer | undefined {
  if (typeof dialogue === 'string' || typeof prompt === 'string' || dialogue.length <= prompt.length) return undefined;
  return isDeepStrictEqual(dialogue.slice(0, prompt.length), prompt) ? dialogue.slice(prompt.length) : undefined;
}
