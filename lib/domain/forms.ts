import { z } from 'zod';
import { AppError } from '#lib/errors';
import { defaultPart } from './default-parts';
import { formPartSchema, type PartOf, type PartType } from './form-parts';

export const taskKinds = ['RANKING', 'PAIRWISE', 'RATING', 'DEMONSTRATION', 'CORRECTION', 'FLAGS', 'SPAN', 'CHAT'] as const;

export type TaskKind = (typeof taskKinds)[number];

/** The first form of every project, in the shape of the first release: it is read as a form of one part. */
export const rankingForm = { kind: 'RANKING', ties: true, aside: true } as const;

interface KindRules {
  /** The part that makes the kind; it stands first. */
  readonly main: PartType;
  /** What may be asked besides, each at most once. */
  readonly extras: readonly PartType[];
  /** Whether the annotator is shown finished answers: where not, nothing can be asked of each. */
  readonly responses: boolean;
}

export const kindRules: Readonly<Record<TaskKind, KindRules>> = {
  RANKING: { main: 'ranking', extras: ['rating', 'flags', 'span', 'note'], responses: true },
  PAIRWISE: { main: 'pairwise', extras: ['rating', 'flags', 'span', 'note'], responses: true },
  RATING: { main: 'rating', extras: ['flags', 'span', 'note'], responses: true },
  DEMONSTRATION: { main: 'demonstration', extras: ['rating', 'flags', 'note'], responses: false },
  CORRECTION: { main: 'correction', extras: ['rating', 'flags', 'note'], responses: true },
  FLAGS: { main: 'flags', extras: ['rating', 'span', 'note'], responses: true },
  SPAN: { main: 'span', extras: ['rating', 'flags', 'note'], responses: true },
  CHAT: { main: 'chat', extras: ['rating', 'flags', 'note'], responses: true },
};

/** Also for the form builder: the paths of its issues are those of the fields. */
export const formSpecSchema = z
  .strictObject({ kind: z.enum(taskKinds), parts: z.array(formPartSchema).min(1, 'A form has at least one part.').max(6) })
  .superRefine(({ kind, parts }, context) => {
    const rules = kindRules[kind];
    const issue = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path: ['parts', ...path] });
    if (parts[0]?.type !== rules.main) issue(`A form of kind ${kind} begins with its part ${rules.main}.`, 0);
    parts.forEach((part, index) => {
      if (parts.findIndex(({ type }) => type === part.type) < index) issue(`The part ${part.type} stands twice.`, index);
      else if (index > 0 && !rules.extras.includes(part.type)) issue(`A form of kind ${kind} has no part ${part.type}.`, index);
      if ('of' in part && part.of === 'responses' && !rules.responses) {
        issue('Nobody has answered yet where the annotator writes the answer: ask it of the task.', index, 'of');
      }
    });
  });

export type FormSpec = z.infer<typeof formSpecSchema>;
export type FormPart = FormSpec['parts'][number];

const firstRelease = z.strictObject({ kind: z.literal('RANKING'), ties: z.boolean(), aside: z.boolean() });

/** @throws AppError BAD_INPUT naming the field */
export function parseFormSpec(value: unknown): FormSpec {
  const old = firstRelease.safeParse(value);
  if (old.success) return { kind: 'RANKING', parts: [{ type: 'ranking', ties: old.data.ties, aside: old.data.aside }] };
  const parsed = formSpecSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new AppError('BAD_INPUT', `The form cannot be used${field && `: ${field}`}: ${issue?.message ?? 'it is no form'}`, {
    details: { field },
  });
}

export function defaultForm(kind: TaskKind): FormSpec {
  return { kind, parts: [defaultPart(kindRules[kind].main)] };
}

export function findPart<T extends PartType>(form: FormSpec, type: T): PartOf<T> | undefined {
  return form.parts.find((part): part is PartOf<T> => part.type === type);
}
