import { defaultPart } from '#lib/domain/default-parts';
import type { FormPart, FormSpec } from '#lib/domain/forms';

/** The message of a default word under `annotate.defaults`, by its path there: `flags.opinion.label`. */
export type DefaultWord = (path: string) => string;

/** The form in the reader's language, as far as its words are still those of a new form: what a project wrote stays as it wrote it. */
export function wordedForm<F extends Pick<FormSpec, 'parts'>>(form: F, word: DefaultWord): F {
  return { ...form, parts: form.parts.map((part) => wordedPart(part, word)) };
}

function wordedPart(part: FormPart, word: DefaultWord): FormPart {
  const own = defaultPart(part.type);
  if (part.type === 'rating' && own.type === 'rating')
    return { ...part, attributes: wordedList('attributes', part.attributes, own.attributes, word) };
  if (part.type === 'flags' && own.type === 'flags') return { ...part, flags: wordedList('flags', part.flags, own.flags, word) };
  if (part.type === 'span' && own.type === 'span') {
    const categories = wordedList('categories', part.categories, own.categories, word);
    return { ...part, categories, severities: wordedList('severities', part.severities, own.severities, word) };
  }
  if (part.type === 'note' && own.type === 'note' && part.label === own.label) return { ...part, label: word('note.label') };
  return part;
}

const fields = ['label', 'help', 'lowLabel', 'highLabel'] as const;

type Worded = { readonly key: string } & { readonly [F in (typeof fields)[number]]?: string };

function wordedList<T extends Worded>(list: string, items: readonly T[], defaults: readonly Worded[], word: DefaultWord): T[] {
  return items.map((item) => {
    const own = defaults.find(({ key }) => key === item.key);
    const same = fields.filter((field) => item[field] !== undefined && item[field] !== '' && item[field] === own?.[field]);
    return { ...item, ...Object.fromEntries(same.map((field) => [field, word(`${list}.${item.key}.${field}`)])) };
  });
}
