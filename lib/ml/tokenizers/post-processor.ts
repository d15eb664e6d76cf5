import { z } from 'zod';
import type { Refuse } from './pattern';

/** Ids that a model expects around every text. */
export interface Surroundings {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const named = z.looseObject({ type: z.string() });
const pair = z.tuple([z.string(), z.number().int().nonnegative()]);
const schemas = {
  TemplateProcessing: z.looseObject({
    single: z.array(z.union([z.object({ SpecialToken: z.looseObject({ id: z.string() }) }), z.object({ Sequence: z.unknown() })])),
    special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(z.number().int().nonnegative()) })),
  }),
  around: z.looseObject({ cls: pair, sep: pair }),
  Sequence: z.looseObject({ processors: z.array(z.unknown()) }),
};

/** What the post-processor of tokenizer.json puts around one text. @throws what `refuse` makes, where its kind is unknown */
export function readSurroundings(written: unknown, refuse: Refuse): Surroundings {
  if (written === null || written === undefined) return { before: [], after: [] };
  const type = named.safeParse(written).data?.type;
  const settings = <T>(schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(written);
    if (parsed.success) return parsed.data;
    throw refuse(`the post-processor ${type} has no usable ${parsed.error.issues[0]?.path.join('.')}`);
  };
  switch (type) {
    case 'ByteLevel':
      return { before: [], after: [] };
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const { cls, sep } = settings(schemas.around);
      return { before: [cls[1]], after: [sep[1]] };
    }
    case 'TemplateProcessing': {
      const { single, special_tokens: special } = settings(schemas.TemplateProcessing);
      const text = single.findIndex((part) => 'Sequence' in part);
      const idsOf = (parts: typeof single) =>
        parts.flatMap((part) => {
          if (!('SpecialToken' in part)) return [];
          const found = special[part.SpecialToken.id];
          if (!found) throw refuse(`the post-processor names ${JSON.stringify(part.SpecialToken.id)} without its ids`);
          return found.ids;
        });
      return text < 0
        ? { before: idsOf(single), after: [] }
        : { before: idsOf(single.slice(0, text)), after: idsOf(single.slice(text + 1)) };
    }
    case 'Sequence':
      return settings(schemas.Sequence)
        .processors.map((step) => readSurroundings(step, refuse))
        .reduce((inner, outer) => ({ before: [...outer.before, ...inner.before], after: [...inner.after, ...outer.after] }));
    default:
      throw refuse(`the post-processor is ${JSON.stringify(type)}, which is not known`);
  }
}
