import { z } from 'zod';
import { AppError } from '#lib/errors';
import { createSlicer, unkeepableAt } from './code-points';
import type { PartOf } from './form-parts';
import { readRecord } from './read-record';

/** Offsets count Unicode code points of the answer's text, the end not included; `text` is the piece that was marked. */
const spanSchema = z.strictObject({
  start: z.int().min(0),
  end: z.int().min(1),
  text: z.string().min(1),
  category: z.string(),
  severity: z.string(),
  note: z.string().max(2000, 'A note has at most 2,000 characters.').optional(),
});

export type Span = Readonly<z.infer<typeof spanSchema>>;

const maxSpans = 500;

/**
 * Marked pieces by response, in the order of the text. Two of one category do not overlap; of different ones they may.
 * Where marking is the task itself, "nothing to mark" has to be said with an empty list.
 */
export function parseSpans(
  part: PartOf<'span'>,
  responses: readonly { readonly id: string; readonly text: string }[],
  value: unknown,
  explicit: boolean,
): Record<string, Span[]> {
  const ids = responses.map(({ id }) => id);
  const given = readRecord(value ?? {}, ids, 'spans');
  const missing = ids.filter((id) => !given.has(id));
  if (explicit && missing.length > 0) {
    throw new AppError('BAD_INPUT', 'Mark the errors of every answer, or say that it has none.', { details: { field: 'spans', missing } });
  }
  return Object.fromEntries(responses.map(({ id, text }) => [id, spansOf(part, text, given.get(id) ?? [], `spans.${id}`)]));
}

function spansOf(part: PartOf<'span'>, text: string, value: unknown, field: string): Span[] {
  const parsed = z.array(spanSchema).max(maxSpans, `At most ${maxSpans} marks in one answer.`).safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AppError('BAD_INPUT', `The marks cannot be read: ${issue?.message ?? 'unknown form'}`, {
      details: { field: [field, ...(issue?.path ?? [])].join('.') },
    });
  }
  const slicer = createSlicer(text);
  for (const [index, span] of parsed.data.entries()) requireSpan(part, slicer, span, `${field}.${index}`);
  const spans = parsed.data.map(canonicalSpan).sort(bySpan);
  requireApart(spans, field);
  return spans;
}

function requireSpan(part: PartOf<'span'>, slicer: ReturnType<typeof createSlicer>, span: Span, field: string): void {
  const refuse = (message: string) => new AppError('BAD_INPUT', message, { details: { field } });
  if (span.start >= span.end || span.end > slicer.length) {
    throw refuse(`A mark from ${span.start} to ${span.end} does not lie in an answer of ${slicer.length} characters.`);
  }
  if (slicer.slice(span.start, span.end) !== span.text) {
    throw refuse(`Another text stands from ${span.start} to ${span.end} than the one that was marked.`);
  }
  if (!part.categories.some(({ key }) => key === span.category)) throw refuse('Every mark has a category of the form.');
  if (!part.severities.some(({ key }) => key === span.severity)) throw refuse('Every mark has a severity of the form.');
  if (span.note !== undefined && !part.notes) throw refuse('This form asks for no note with a mark.');
  const bad = unkeepableAt(span.note ?? '');
  if (bad !== null) throw refuse(`The note has a character that cannot be kept, at ${bad + 1}.`);
}

function canonicalSpan({ start, end, text, category, severity, note }: Span): Span {
  const written = note?.trim();
  return { start, end, text, category, severity, ...(written && { note: written }) };
}

function bySpan(a: Span, b: Span): number {
  return a.start - b.start || a.end - b.end || (a.category < b.category ? -1 : 1);
}

function requireApart(spans: readonly Span[], field: string): void {
  const ends = new Map<string, number>();
  for (const { start, end, category } of spans) {
    if ((ends.get(category) ?? 0) > start) {
      throw new AppError('BAD_INPUT', `Two marks of the category ${category} overlap at ${start}: make them one.`, { details: { field } });
    }
    ends.set(category, end);
  }
}
