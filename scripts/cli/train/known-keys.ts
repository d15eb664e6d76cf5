import { z } from 'zod';
import { isSettings } from './config-file';

/** What is read of JSON Schema here. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly const?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

export interface UnknownKey {
  readonly path: string;
  readonly key: string;
  /** The keys that there are at this place. */
  readonly known: readonly string[];
}

/** Keys of `value`, at any depth, that the schema does not have: zod drops them in silence, which would train with a default. */
export function unknownKeys(schema: z.ZodType, value: unknown): UnknownKey[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return visit(root, value, [], root);
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === '#') return root;
  const name = schema.$ref?.replace('#/$defs/', '');
  return name === undefined ? schema : resolved(root.$defs?.[name] ?? {}, root);
}

/** The forms that a value can have, one object each. */
function alternatives(given: JsonSchema, root: JsonSchema): JsonSchema[] {
  const schema = resolved(given, root);
  const inner = schema.anyOf ?? schema.oneOf;
  return inner ? inner.flatMap((each) => alternatives(each, root)) : [schema];
}

const constantsHold = ({ properties = {} }: JsonSchema, value: Readonly<Record<string, unknown>>, root: JsonSchema) =>
  Object.entries(properties).every(([key, each]) => {
    const wanted = resolved(each, root).const;
    return wanted === undefined || value[key] === wanted;
  });

function visit(schema: JsonSchema, value: unknown, path: readonly string[], root: JsonSchema): UnknownKey[] {
  const forms = alternatives(schema, root);
  if (Array.isArray(value)) {
    const items = forms.find((form) => form.items)?.items;
    return items ? value.flatMap((each, index) => visit(items, each, [...path, String(index)], root)) : [];
  }
  if (!isSettings(value)) return [];
  const objects = forms.filter((form) => form.properties !== undefined);
  if (objects.length === 0) return [];
  const fitting = objects.filter((form) => constantsHold(form, value, root));
  // the form of which the value has the most keys
  const [form] = (fitting.length > 0 ? fitting : objects)
    .map(({ properties = {} }) => ({ properties, shared: Object.keys(value).filter((key) => Object.hasOwn(properties, key)).length }))
    .sort((a, b) => b.shared - a.shared);
  const properties = form?.properties ?? {};
  return Object.entries(value).flatMap(([key, each]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined) return visit(known, each, [...path, key], root);
    return [{ path: [...path, key].join('.'), key, known: Object.keys(properties) }];
  });
}

/** The name that is fewest edits away (Levenshtein 1966), if it is close enough to be what was meant. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const folded = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const scored = names.map((each) => ({ each, edits: editDistance(folded(name), folded(each)) })).sort((a, b) => a.edits - b.edits);
  const [best] = scored;
  return best !== undefined && best.edits <= Math.max(2, Math.floor(name.length / 3)) ? best.each : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, changed));
    }
    row = next;
  }
  return row[b.length] as number;
}
