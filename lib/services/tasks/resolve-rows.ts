import { type AnnotationContent, parseAnnotationContent } from '#lib/domain/annotation-content';
import { initialSlots } from '#lib/domain/labeling-policy';
import { AppError } from '#lib/errors';
import type { RowFault } from '#lib/formats/json-lines';
import type { TaskRow } from '#lib/formats/tasks-jsonl';
import { type Names, poolNameOf } from './load-names';

/** A row with ids in place of names. */
export interface ResolvedRow
  extends Pick<TaskRow, 'kind' | 'purpose' | 'messages' | 'contentHash' | 'splitKey' | 'key' | 'priority' | 'contentFlags'> {
  readonly formVersionId: string;
  readonly poolId: string | null;
  readonly slots: number;
  readonly responses: readonly { readonly text: string; readonly modelVersionId: string | null; readonly modelName: string | null }[];
  readonly authorIds: readonly string[];
  readonly spec: Readonly<Record<string, unknown>>;
  /** Answers are called by their number in the row, from "1" on. */
  readonly gold: { readonly content: AnnotationContent; readonly explanation: string } | null;
}

interface ResolvedRows {
  readonly resolved: readonly ResolvedRow[];
  readonly faults: readonly RowFault[];
  readonly known: number;
}

export function resolveRows(rows: readonly TaskRow[], names: Names): ResolvedRows {
  const resolved: ResolvedRow[] = [];
  const faults: RowFault[] = [];
  let known = 0;
  for (const row of rows) {
    if (row.key !== null && names.knownKeys.has(row.key)) {
      known += 1;
      continue;
    }
    try {
      resolved.push(resolveRow(row, names));
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      faults.push({ line: row.line, field: error.field, message: error.message, excerpt: row.excerpt });
    }
  }
  return { resolved, faults, known };
}

/** What is wrong with one row; the others are taken all the same. */
class Unfit extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function resolveRow(row: TaskRow, names: Names): ResolvedRow {
  const form = names.forms.get(row.kind);
  if (!form) throw new AppError('INVARIANT', `There is no form of kind ${row.kind}.`);
  const { kind, purpose, messages, contentHash, splitKey, key, priority, contentFlags } = row;
  return {
    kind,
    purpose,
    messages,
    contentHash,
    splitKey,
    key,
    priority,
    contentFlags,
    formVersionId: form.id,
    poolId: resolvePool(row, names),
    slots: purpose === 'LABELING' ? initialSlots(names.policy, row.overlap) : 0,
    responses: row.responses.map(({ text, model }) => ({
      text,
      modelVersionId: (model !== undefined && names.models.get(model)) || null,
      modelName: model ?? null,
    })),
    authorIds: resolveAuthors(row, names),
    spec: resolveSpec(row, names),
    gold: row.gold && { content: resolveGold(row, names), explanation: row.gold.explanation },
  };
}

function resolvePool(row: TaskRow, names: Names): string | null {
  const name = poolNameOf(row);
  if (name === null) return null;
  const pool = names.pools.get(name);
  if (!pool) throw new Unfit('pool', `names "${name}", which the project does not have; say its skills or language to make it`);
  const describes = row.skills.length + row.languages.length > 0;
  if (describes && (!same(pool.skills, row.skills) || !same(pool.languages, row.languages))) {
    throw new Unfit('pool', `"${name}" asks for other skills or languages than this row`);
  }
  return pool.id;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join('\n') === [...b].sort().join('\n');
}

function resolveAuthors({ responses }: TaskRow, { members }: Names): string[] {
  const ids = responses.flatMap(({ author }, index) => {
    if (author === undefined) return [];
    const id = members.get(author.toLowerCase()) ?? members.get(author);
    if (id === undefined) throw new Unfit(`responses[${index}].author`, 'names nobody of the project; use an email address or a pseudonym');
    return [id];
  });
  return [...new Set(ids)];
}

function resolveSpec({ kind, spec }: TaskRow, { models }: Names): Record<string, unknown> {
  if (kind !== 'CHAT' && kind !== 'DEMONSTRATION') return {};
  const { models: named, ...rest } = spec;
  const modelIds = [...new Set(named ?? [])].map((name) => {
    const id = models.get(name);
    if (id === undefined) throw new Unfit('spec.models', `names "${name}", which is no policy of the project`);
    return id;
  });
  return { ...rest, ...(named && { modelIds }) };
}

/** The known answer, after the form that the task pins. */
function resolveGold(row: TaskRow, names: Names): AnnotationContent {
  const form = names.forms.get(row.kind);
  if (!form) throw new AppError('INVARIANT', `There is no form of kind ${row.kind}.`);
  const responses = row.responses.map(({ text }, index) => ({ id: String(index + 1), text }));
  try {
    return parseAnnotationContent(form.spec, { responses }, row.gold?.content);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_INPUT')
      throw new Unfit('gold.content', `is no answer to this task: ${error.message}`);
    throw error;
  }
}
