import { z } from 'zod';

/** Keys are stored with every annotation and never shown; labels are what the annotator reads. */
const key = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'A key has lower-case letters, digits, - and _, at most 40.')
  .refine((value) => !(value in {}), 'This key is taken by the language itself; choose another.');
const line = z.string().trim().max(200, 'At most 200 characters.');
const label = line.min(1, 'Write what the annotator reads here.');
const help = z.string().trim().max(1000, 'At most 1,000 characters.').default('');
const textLimit = z.int().min(1).max(1_000_000);

/** A list whose keys differ. */
function keyed<T extends z.ZodType<{ key: string }>>(item: T, least: number, most: number) {
  return z
    .array(item)
    .min(least, `At least ${least}.`)
    .max(most, `At most ${most}.`)
    .superRefine((items, context) => {
      items.forEach((one, index) => {
        if (items.findIndex((other) => other.key === one.key) < index) {
          context.addIssue({ code: 'custom', message: 'This key stands twice.', path: [index, 'key'] });
        }
      });
    });
}

const of = z.enum(['responses', 'task']);

const choiceSchema = z.strictObject({ key, label, help });

const attributeSchema = z
  .strictObject({
    key,
    label,
    help,
    min: z.int().min(-10).max(10),
    max: z.int().min(-10).max(20),
    lowLabel: line.default(''),
    highLabel: line.default(''),
    required: z.boolean().default(true),
  })
  .refine(({ min, max }) => max > min && max - min <= 10, {
    message: 'The scale ends above where it begins, with at most 11 steps.',
    path: ['max'],
  });

export const formPartSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ranking'), ties: z.boolean(), aside: z.boolean() }),
  z.strictObject({ type: z.literal('pairwise'), strength: z.boolean(), tie: z.boolean(), bothBad: z.boolean() }),
  z.strictObject({ type: z.literal('rating'), of, attributes: keyed(attributeSchema, 1, 12) }),
  z.strictObject({ type: z.literal('flags'), of, flags: keyed(choiceSchema, 1, 40) }),
  z
    .strictObject({
      type: z.literal('demonstration'),
      minCharacters: z.int().min(0).max(1_000_000),
      maxCharacters: textLimit,
      suggestions: z.boolean(),
    })
    .refine(({ minCharacters, maxCharacters }) => minCharacters <= maxCharacters, {
      message: 'The longest text is shorter than the shortest.',
      path: ['maxCharacters'],
    }),
  z.strictObject({ type: z.literal('correction'), maxCharacters: textLimit }),
  z.strictObject({
    type: z.literal('span'),
    categories: keyed(choiceSchema, 1, 40),
    severities: keyed(z.strictObject({ key, label }), 1, 7),
    notes: z.boolean(),
  }),
  z.strictObject({
    type: z.literal('chat'),
    maxTurns: z.int().min(1).max(50),
    maxCharacters: z.int().min(1).max(100_000),
    strength: z.boolean(),
    tie: z.boolean(),
    bothBad: z.boolean(),
  }),
  z.strictObject({ type: z.literal('note'), label, required: z.boolean() }),
]);

export type FormPart = z.infer<typeof formPartSchema>;
export type PartType = FormPart['type'];
export type PartOf<T extends PartType> = Extract<FormPart, { type: T }>;
