import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type SatisfactionQuestion, satisfactionQuestions } from '#lib/domain/task-reports';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

/** Fewer people than this, and nothing is shown: whoever knows the team would know who said it. */
const fewest = 5;
const periodDays = 180;

const satisfactionResultsInput = z.strictObject({ projectId: z.uuid() });

interface SatisfactionResults {
  /** People who answered within the period. */
  readonly people: number;
  readonly fewest: number;
  readonly periodDays: number;
  /** Null below `fewest`. `counts[k]` = answers of k + 1. */
  readonly questions: readonly { readonly question: SatisfactionQuestion; readonly counts: readonly number[]; readonly n: number }[] | null;
  readonly texts: readonly string[];
}

const answersSchema = z.partialRecord(z.enum(satisfactionQuestions), z.int().min(1).max(5));

/**
 * What annotators said, as counts and never by name. Answers are taken in whole fives, in the order they came, and a five
 * leaves as a whole when it is older than the period: two looks at this page never differ by one person's answer. Texts
 * stand in the order of the alphabet, not of time.
 */
export async function satisfactionResults(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof satisfactionResultsInput>,
): Promise<SatisfactionResults> {
  const { projectId } = satisfactionResultsInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  const since = deps.clock.now().getTime() - periodDays * 24 * 3600_000;
  const rows = await deps.db.satisfactionAnswer.findMany({
    where: { projectId },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: { userId: true, answers: true, text: true, createdAt: true },
  });
  const answered = rows
    .map(({ answers, ...row }) => ({ ...row, answers: answersSchema.parse(answers) }))
    .filter(({ answers, text }) => Object.keys(answers).length > 0 || text !== '');
  const counted = wholeFives(answered).flatMap((five) => (five.some(({ createdAt }) => createdAt.getTime() > since) ? five : []));
  const shown = peopleOf(counted) >= fewest;
  return {
    people: peopleOf(answered.filter(({ createdAt }) => createdAt.getTime() > since)),
    fewest,
    periodDays,
    questions: shown
      ? satisfactionQuestions.map((question) => {
          const values = counted.flatMap(({ answers }) => answers[question] ?? []);
          return { question, counts: [1, 2, 3, 4, 5].map((value) => values.filter((one) => one === value).length), n: values.length };
        })
      : null,
    texts: shown ? counted.flatMap(({ text }) => (text === '' ? [] : [text])).sort() : [],
  };
}

function wholeFives<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.floor(rows.length / fewest) }, (_, index) => rows.slice(index * fewest, (index + 1) * fewest));
}

function peopleOf(rows: readonly { readonly userId: string }[]): number {
  return new Set(rows.map(({ userId }) => userId)).size;
}
