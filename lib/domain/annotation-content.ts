import { z } from 'zod';
import { AppError } from '#lib/errors';
import { type ChatTranscript, parseTranscript } from './annotation-chat';
import { parseSpans, type Span } from './annotation-spans';
import { parseFlags, parseRatings } from './annotation-subjects';
import { type Correction, parseCorrection, parseDemonstration, parseNote } from './annotation-texts';
import { type Comparison, parseComparison } from './comparison';
import type { PartOf, PartType } from './form-parts';
import { type FormSpec, findPart } from './forms';
import { readRecord } from './read-record';

/** What a person says of a task, in canonical form: equal judgements have equal contents. Keys by the parts of the form. */
export interface AnnotationContent {
  readonly ranks?: Readonly<Record<string, number>>;
  readonly aside?: readonly string[];
  /** 1 (slightly) to 3 (much), of a strict order of two. */
  readonly strength?: number;
  /** The two are tied, and neither is of any use. */
  readonly bothBad?: true;
  /** By subject: a response id, or 'task'. */
  readonly ratings?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly spans?: Readonly<Record<string, readonly Span[]>>;
  readonly text?: string;
  readonly correction?: Correction;
  /** The conversation that a CHAT was judged by. */
  readonly chat?: ChatTranscript;
  readonly note?: string;
}

/** What the two models of a conversation are called until the vote. */
const chatSides = ['A', 'B'] as const;

interface TaskTexts {
  readonly responses: readonly { readonly id: string; readonly text: string }[];
}

const keysOf: Readonly<Record<PartType, readonly (keyof AnnotationContent)[]>> = {
  ranking: ['ranks', 'aside'],
  pairwise: ['ranks', 'aside', 'strength', 'bothBad'],
  chat: ['ranks', 'aside', 'strength', 'bothBad', 'chat'],
  rating: ['ratings'],
  flags: ['flags'],
  span: ['spans'],
  demonstration: ['text'],
  correction: ['correction'],
  note: ['note'],
};

/**
 * Parses what a client sent for a task; the result is canonical, and parses to itself.
 * @throws AppError BAD_INPUT naming what is missing or does not belong there
 */
export function parseAnnotationContent(form: FormSpec, task: TaskTexts, value: unknown): AnnotationContent {
  const ids = form.kind === 'CHAT' ? chatSides : task.responses.map(({ id }) => id);
  const allowed = form.parts.flatMap(({ type }) => keysOf[type]);
  const given = readRecord(value, allowed, 'answer');
  const is = (type: PartType) => form.parts[0]?.type === type;
  const content: { -readonly [K in keyof AnnotationContent]: AnnotationContent[K] } = {};

  const ranking = findPart(form, 'ranking');
  if (ranking) Object.assign(content, parseRanking(ranking, ids, given));
  const choice = findPart(form, 'pairwise') ?? findPart(form, 'chat');
  if (choice) Object.assign(content, parseChoice(choice, ids, given));
  const chat = findPart(form, 'chat');
  if (chat) content.chat = parseTranscript(chat, given.get('chat'));
  const rating = findPart(form, 'rating');
  if (rating) content.ratings = parseRatings(rating, ids, given.get('ratings'));
  const flags = findPart(form, 'flags');
  if (flags) content.flags = parseFlags(flags, ids, given.get('flags'), is('flags'));
  const span = findPart(form, 'span');
  if (span) content.spans = parseSpans(span, task.responses, given.get('spans'), is('span'));
  const demonstration = findPart(form, 'demonstration');
  if (demonstration) content.text = parseDemonstration(demonstration, given.get('text'));
  const correction = findPart(form, 'correction');
  if (correction) content.correction = parseCorrection(correction, task.responses, given.get('correction'));
  const note = findPart(form, 'note');
  const written = note && parseNote(note, given.get('note'));
  if (written) content.note = written;
  return content;
}

const comparedSchema = z.object({
  ranks: z.record(z.string(), z.int().min(1)).optional(),
  aside: z.array(z.string()).default([]),
  strength: z.int().min(1).max(3).optional(),
  bothBad: z.literal(true).optional(),
});

/** What a stored annotation says of which answer is better; null where its kind compares nothing. */
export function comparisonOf(content: unknown): Comparison | null {
  const { ranks, aside, strength, bothBad } = comparedSchema.parse(content);
  if (ranks === undefined) return null;
  return { ranks, aside, ...(strength !== undefined && { strength }), ...(bothBad && { bothBad }) };
}

type Given = ReadonlyMap<string, unknown>;

function parseRanking(part: PartOf<'ranking'>, ids: readonly string[], given: Given): Comparison {
  const comparison = parseComparison({ ranks: given.get('ranks'), aside: given.get('aside') }, ids);
  const places = Object.values(comparison.ranks);
  if (!part.ties && new Set(places).size < places.length) {
    throw new AppError('BAD_INPUT', 'This form knows no ties: give every answer a place of its own.', { details: { field: 'ranks' } });
  }
  if (!part.aside && comparison.aside.length > 0) {
    throw new AppError('BAD_INPUT', 'In this form every answer has a place; none can be set aside.', { details: { field: 'aside' } });
  }
  return comparison;
}

function parseChoice(part: PartOf<'pairwise'> | PartOf<'chat'>, ids: readonly string[], given: Given): Comparison {
  const refuse = (field: string, message: string) => new AppError('BAD_INPUT', message, { details: { field } });
  const [first, second] = ids;
  if (first === undefined || second === undefined || ids.length > 2) throw refuse('ranks', 'A choice is made between two answers.');
  const strength = given.get('strength');
  const bothBad = given.get('bothBad');
  if (bothBad !== undefined && bothBad !== true) throw refuse('bothBad', 'bothBad is true, or is left out.');
  if (bothBad) {
    if (!part.bothBad) throw refuse('bothBad', 'This form has no "both bad".');
    requireNoOrder(given, ids);
    if (strength !== undefined) throw refuse('strength', 'Where both are bad, neither is better by any strength.');
    return { ranks: tied(first, second), aside: [], bothBad };
  }
  const comparison = parseComparison({ ranks: given.get('ranks'), aside: given.get('aside') }, ids);
  if (comparison.aside.length > 0) throw refuse('aside', 'Neither of the two can be set aside.');
  const isTie = comparison.ranks[first] === comparison.ranks[second];
  if (isTie && !part.tie) throw refuse('ranks', 'This form knows no ties: choose one of the two.');
  if (isTie || !part.strength) {
    if (strength !== undefined) throw refuse('strength', isTie ? 'A tie has no strength.' : 'This form asks for no strength.');
    return comparison;
  }
  if (strength !== 1 && strength !== 2 && strength !== 3) throw refuse('strength', 'Say how much better it is: 1, 2 or 3.');
  return { ...comparison, strength };
}

function tied(first: string, second: string): Record<string, number> {
  return Object.fromEntries([first, second].sort().map((id) => [id, 1]));
}

/** "Both bad" comes alone, or with the tie that it is. */
function requireNoOrder(given: Given, ids: readonly string[]): void {
  const ranks = given.get('ranks');
  if (ranks === undefined) return;
  const { ranks: named } = parseComparison({ ranks, aside: given.get('aside') }, ids);
  if (ids.some((id) => named[id] !== 1)) {
    throw new AppError('BAD_INPUT', 'Where both are bad, neither stands above the other.', { details: { field: 'ranks' } });
  }
}
