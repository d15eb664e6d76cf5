import { z } from 'zod';
import { contentCategories } from '#lib/domain/content-categories';
import { type TaskKind, taskKinds } from '#lib/domain/forms';
import { type Message, messagesSchema, promptContentHash, promptSplitKey, storableText } from '#lib/domain/prompts';
import { excerptOf, issueText, pathText, type RowFault, readObject, splitLines, utf16Fault } from './json-lines';

type ImportedPurpose = 'LABELING' | 'GOLD' | 'TRAINING' | 'QUALIFICATION';

export interface TaskRow {
  readonly line: number;
  readonly excerpt: string;
  readonly kind: TaskKind;
  readonly purpose: ImportedPurpose;
  readonly messages: readonly Message[];
  readonly contentHash: string;
  readonly splitKey: string;
  /** An answer is called by its number in the row, from "1" on. */
  readonly responses: readonly { readonly text: string; readonly model?: string; readonly author?: string }[];
  readonly key: string | null;
  readonly overlap: number | undefined;
  readonly priority: number;
  readonly pool: string | null;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
  readonly contentFlags: readonly string[];
  readonly gold: { readonly content: unknown; readonly explanation: string } | null;
  readonly spec: TaskRowSpec;
}

const specSchema = z.strictObject({
  /** CHAT: the models two are drawn of; DEMONSTRATION: the one that suggests. By name. */
  models: z.array(storableText.min(1).max(200)).max(50).optional(),
  suggestions: z.array(storableText.max(100_000)).max(20).optional(),
  maxTurns: z.int().min(1).max(50).optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxNewTokens: z.int().min(1).max(4096).optional(),
});

type TaskRowSpec = Readonly<z.infer<typeof specSchema>>;

const name = storableText.trim().min(1).max(100);

const rowSchema = z.strictObject({
  prompt: storableText.optional(),
  messages: messagesSchema.optional(),
  group: z.union([storableText, z.number()]).optional(),
  responses: z
    .array(z.strictObject({ text: storableText.max(1_000_000), model: name.optional(), author: name.optional() }))
    .max(9, 'holds more than 9 answers')
    .default([]),
  kind: z.enum(taskKinds).optional(),
  overlap: z.int().min(1).max(9).optional(),
  priority: z.int().min(-1000).max(1000).default(0),
  pool: name.optional(),
  language: name.optional(),
  skills: z.array(name).max(20).default([]),
  contentFlags: z.array(z.enum(contentCategories)).max(20).default([]),
  key: z.union([name, z.int()]).optional(),
  gold: z.strictObject({ content: z.json(), explanation: storableText.max(4000).default('') }).optional(),
  training: z.boolean().default(false),
  qualification: z.boolean().default(false),
  spec: specSchema.default({}),
});

/** How many finished answers a task of a kind shows, least and most. */
const answers: Readonly<Record<TaskKind, readonly [least: number, most: number]>> = {
  RANKING: [2, 9],
  PAIRWISE: [2, 2],
  RATING: [1, 9],
  DEMONSTRATION: [0, 0],
  CORRECTION: [1, 1],
  FLAGS: [1, 9],
  SPAN: [1, 9],
  CHAT: [0, 0],
};

interface TasksJsonl {
  readonly rows: readonly TaskRow[];
  readonly faults: readonly RowFault[];
  readonly lines: number;
}

/** 4 MiB a line hold nine long answers. */
const defaultLimits = { maxLineBytes: 4 * 1024 * 1024, maxRows: 200_000 };

/**
 * Reads tasks of every kind, one JSON object a line: `{"prompt" | "messages", "responses": [{"text", "model"?, "author"?}]}` with
 * optional `kind`, `overlap`, `priority`, `pool`, `language`, `skills`, `contentFlags`, `key`, `gold`, `training`, `qualification`, `spec`.
 * A field that is not known is a fault: a word written wrong must not be passed over in silence.
 */
export function parseTasksJsonl(bytes: Uint8Array, kind: TaskKind, limits = defaultLimits): TasksJsonl {
  const rows: TaskRow[] = [];
  const faults: RowFault[] = [];
  const lineOfKey = new Map<string, number>();
  const utf16 = utf16Fault(bytes);
  if (utf16) return { rows, faults: [utf16], lines: 1 };
  let line = 0;
  for (const raw of splitLines(bytes)) {
    line += 1;
    const read = readRow(raw, line, kind, limits.maxLineBytes);
    if (read === null) continue;
    const fault = 'message' in read ? read : laterFault(read, lineOfKey, rows.length >= limits.maxRows ? limits.maxRows : null);
    if (fault) faults.push(fault);
    else if ('kind' in read) rows.push(read);
  }
  return { rows, faults, lines: line };
}

/** What is wrong with a row only because of those before it. */
function laterFault(row: TaskRow, lineOfKey: Map<string, number>, full: number | null): RowFault | null {
  const { line, excerpt, key } = row;
  if (full !== null) return { line, field: '', message: `is past the limit of ${full} tasks a file; split the file`, excerpt };
  if (key === null) return null;
  const before = lineOfKey.get(key);
  if (before !== undefined) return { line, field: 'key', message: `stands on line ${before} already`, excerpt };
  lineOfKey.set(key, line);
  return null;
}

function readRow(raw: Uint8Array, line: number, defaultKind: TaskKind, maxLineBytes: number): TaskRow | RowFault | null {
  const fail = (field: string, message: string): RowFault => ({ line, field, message, excerpt: excerptOf(raw) });
  const value = readObject(raw, maxLineBytes);
  if (value === null) return null;
  if (typeof value === 'string') return fail('', value);
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const message =
      issue?.code === 'unrecognized_keys' ? `has a field that is not known: ${issue.keys.join(', ')}` : issue && issueText(issue);
    return fail(pathText(issue?.path ?? []), message ?? 'cannot be read');
  }
  const row = { ...parsed.data, kind: parsed.data.kind ?? defaultKind };
  const wrong = contradiction(row);
  if (wrong) return fail(...wrong);
  const messages = row.messages ?? [{ role: 'user' as const, content: row.prompt ?? '' }];
  return {
    line,
    excerpt: excerptOf(raw),
    kind: row.kind,
    purpose: purposeOf(row),
    messages,
    contentHash: promptContentHash(messages),
    splitKey: promptSplitKey(messages, row.group === undefined ? undefined : String(row.group)),
    responses: row.responses.map(({ text, model, author }) => ({ text, ...(model && { model }), ...(author && { author }) })),
    key: row.key === undefined ? null : String(row.key),
    overlap: row.overlap,
    priority: row.priority,
    pool: row.pool ?? null,
    skills: [...new Set(row.skills)].sort(),
    languages: row.language === undefined ? [] : [row.language],
    contentFlags: [...new Set(row.contentFlags)],
    gold: row.gold ?? null,
    spec: row.spec,
  };
}

type Row = Omit<z.infer<typeof rowSchema>, 'kind'> & { readonly kind: TaskKind };

function purposeOf({ gold, training, qualification }: Row): ImportedPurpose {
  if (training) return 'TRAINING';
  if (qualification) return 'QUALIFICATION';
  return gold ? 'GOLD' : 'LABELING';
}

/** What each field allows, but not all of them together. */
function contradiction(row: Row): [field: string, message: string] | null {
  const { prompt, messages, kind, responses, gold, training, qualification, overlap } = row;
  if ((prompt === undefined) === (messages === undefined)) return ['prompt', 'or "messages": a row has one of the two'];
  if (prompt !== undefined && prompt.trim() === '') return ['prompt', 'is empty'];
  const [least, most] = answers[kind];
  if (responses.length < least || responses.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    return ['responses', `holds ${responses.length} answers; a task of kind ${kind} has ${wanted}`];
  }
  if (training && qualification) return ['training', 'stands beside "qualification"; a task is one of the two'];
  if (training && !gold) return ['gold', 'is missing; a training task shows the right answer afterwards'];
  if (gold && (kind === 'CHAT' || kind === 'DEMONSTRATION')) return ['gold', `is not known beforehand of a task of kind ${kind}`];
  const ownSlots = gold !== undefined || qualification;
  if (ownSlots && overlap !== undefined) return ['overlap', 'is not asked of tasks with a known answer: each person gets them once'];
  return specContradiction(kind, row.spec);
}

function specContradiction(
  kind: TaskKind,
  { models, suggestions, maxTurns, temperature, maxNewTokens }: TaskRowSpec,
): [string, string] | null {
  if (kind === 'CHAT' && (models === undefined || new Set(models).size < 2)) return ['spec.models', 'names at least two models to talk to'];
  if (kind === 'CHAT' && suggestions) return ['spec.suggestions', 'belongs to a task of kind DEMONSTRATION'];
  if (kind === 'DEMONSTRATION' && (models?.length ?? 0) > 1) return ['spec.models', 'names one model that suggests'];
  if (kind !== 'CHAT' && maxTurns !== undefined) return ['spec.maxTurns', 'belongs to a task of kind CHAT'];
  const writes = kind === 'CHAT' || kind === 'DEMONSTRATION';
  if (!writes && (models ?? suggestions ?? temperature ?? maxNewTokens) !== undefined)
    return ['spec', `has nothing to say of a task of kind ${kind}`];
  return null;
}
