import { z } from 'zod';
import { AppError } from '#lib/errors';

/** Version of the content below; stored with every annotation. */
export const comparisonSchemaVersion = 1;

const maxResponses = 9;

/**
 * The canonical content of a comparative annotation. `ranks` maps a response id to its dense rank (1 = best, equal
 * numbers = a tie); `aside` holds the responses that cannot be ranked. A response stands in exactly one of the two.
 */
export const comparisonSchema = z
  .strictObject({
    ranks: z.record(z.string().min(1), z.int().min(1).max(maxResponses)),
    aside: z.array(z.string().min(1)).max(maxResponses).default([]),
  })
  .superRefine((value, context) => {
    const problem = findProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });

export interface Comparison {
  readonly ranks: Readonly<Record<string, number>>;
  readonly aside: readonly string[];
  /** 1 (slightly) to 3 (much); only of a strict order of two. */
  readonly strength?: number;
  /** Tied, and of no use either. */
  readonly bothBad?: true;
}

export interface ComparisonPairs {
  readonly strict: readonly { readonly chosen: string; readonly rejected: string }[];
  /** Each tied pair once, ids in code-unit order. */
  readonly tied: readonly (readonly [string, string])[];
}

/** What a person sees for a place: counted as people count (1, 2=, 2=, 4), while the stored rank is dense (1, 2, 2, 3). */
export interface DisplayPlace {
  readonly place: number;
  readonly tied: boolean;
}

function findProblem(comparison: Comparison): string | null {
  const ids = [...Object.keys(comparison.ranks), ...comparison.aside];
  if (ids.length === 0) return 'No answer has a place or is set aside.';
  if (ids.length > maxResponses) return `At most ${maxResponses} answers can be compared at once.`;
  if (new Set(ids).size !== ids.length) return 'An answer stands twice: it has one place, or is set aside.';
  const used = new Set(Object.values(comparison.ranks));
  for (let rank = 1; rank <= used.size; rank += 1) {
    if (!used.has(rank)) return `Place ${rank} is empty: places are counted without gaps.`;
  }
  return null;
}

/** Same judgement, same value: ids in code-unit order, ranks dense from 1 (gaps close), `aside` sorted. */
export function canonicaliseComparison(comparison: Comparison): Comparison {
  const levels = [...new Set(Object.values(comparison.ranks))].sort((a, b) => a - b);
  const dense = new Map(levels.map((level, index) => [level, index + 1]));
  const ranks: Record<string, number> = {};
  for (const id of Object.keys(comparison.ranks).sort()) {
    const rank = dense.get(comparison.ranks[id] ?? Number.NaN);
    if (rank !== undefined) ranks[id] = rank;
  }
  return { ranks, aside: [...comparison.aside].sort() };
}

/** Groups from best to worst, each group a tie. */
export function comparisonFromOrder(groups: readonly (readonly string[])[], aside: readonly string[] = []): Comparison {
  const ranks: Record<string, number> = {};
  groups
    .filter((group) => group.length > 0)
    .forEach((group, index) => {
      for (const id of group) ranks[id] = index + 1;
    });
  return canonicaliseComparison({ ranks, aside });
}

/** All pairs of ranked responses: n ranked responses give n(n-1)/2 pairs; what is set aside gives none. */
export function pairsOf(comparison: Comparison): ComparisonPairs {
  const ids = Object.keys(comparison.ranks).sort();
  const strict: { chosen: string; rejected: string }[] = [];
  const tied: [string, string][] = [];
  ids.forEach((first, index) => {
    for (const second of ids.slice(index + 1)) {
      const a = comparison.ranks[first] ?? Number.NaN;
      const b = comparison.ranks[second] ?? Number.NaN;
      if (a === b) tied.push([first, second]);
      else strict.push(a < b ? { chosen: first, rejected: second } : { chosen: second, rejected: first });
    }
  });
  return { strict, tied };
}

/** Competition numbering: a place is 1 + the number of responses that stand strictly better. */
export function displayPlaces(ranks: Readonly<Record<string, number>>): Record<string, DisplayPlace> {
  const all = Object.values(ranks);
  const places: Record<string, DisplayPlace> = {};
  for (const [id, rank] of Object.entries(ranks)) {
    places[id] = {
      place: 1 + all.filter((other) => other < rank).length,
      tied: all.filter((other) => other === rank).length > 1,
    };
  }
  return places;
}

/** Whether every displayed response is ranked, tied or set aside, and nothing else is named. */
export function isComplete(comparison: Comparison, responseIds: readonly string[]): boolean {
  const named = new Set([...Object.keys(comparison.ranks), ...comparison.aside]);
  return named.size === responseIds.length && responseIds.every((id) => named.has(id));
}

/**
 * Parses what a client sent for a task with these responses; the result is canonical.
 * @throws AppError BAD_INPUT saying which answers are missing or unknown.
 */
export function parseComparison(value: unknown, responseIds: readonly string[]): Comparison {
  const parsed = comparisonSchema.safeParse(value);
  if (!parsed.success) {
    throw new AppError('BAD_INPUT', `The ranking cannot be read: ${parsed.error.issues[0]?.message ?? 'unknown form'}`, {
      details: { field: parsed.error.issues[0]?.path.join('.') ?? '' },
    });
  }
  const comparison = canonicaliseComparison(parsed.data);
  const named = [...Object.keys(comparison.ranks), ...comparison.aside];
  const missing = responseIds.filter((id) => !named.includes(id));
  const unknown = named.filter((id) => !responseIds.includes(id));
  if (missing.length > 0 || unknown.length > 0) {
    throw new AppError('BAD_INPUT', 'Every answer that was shown needs a place or has to be set aside, and no other.', {
      details: { missing, unknown },
    });
  }
  return comparison;
}
