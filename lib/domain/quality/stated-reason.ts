import { z } from 'zod';
import { attemptRecordSchema } from './attempt-record';

/** A rule with its numbers, as events keep it. Each reader is told it in his own language. */
const ruleSchema = z.discriminatedUnion('rule', [
  z.object({ rule: z.literal('checks'), passed: z.number(), checked: z.number() }),
  z.object({ rule: z.literal('dwell'), count: z.number(), withinHours: z.number(), pauseAt: z.number().nullable() }),
]);

const testParts = ['flags', 'rankings', 'demonstrations'] as const;

interface MissedPart {
  readonly part: (typeof testParts)[number];
  readonly value: number;
  readonly n: number;
  readonly cutoff: number;
}

/** Why something was done to a person: in somebody's own words, or by a rule. */
export type StatedReason =
  | z.infer<typeof ruleSchema>
  | { readonly rule: 'test'; readonly missed: readonly MissedPart[] }
  | { readonly rule: 'words'; readonly text: string };

/** Of a pause or a warning: words go before, since earlier versions kept what a rule says as a sentence; null where nothing is said. */
export function reasonOfEvent(words: string | null, data: unknown): StatedReason | null {
  if (words) return { rule: 'words', text: words };
  const read = ruleSchema.safeParse(data);
  return read.success ? read.data : null;
}

/** Of a failed test: a reviewer's words, or the parts that were not reached. */
export function reasonOfAttempt(words: string | null, record: unknown): StatedReason | null {
  if (words) return { rule: 'words', text: words };
  const { reached } = attemptRecordSchema.parse(record);
  const missed = testParts.flatMap((part) => {
    const score = reached?.[part];
    return score && !score.reached ? [{ part, value: score.value, n: score.n, cutoff: score.cutoff }] : [];
  });
  return missed.length === 0 ? null : { rule: 'test', missed };
}
