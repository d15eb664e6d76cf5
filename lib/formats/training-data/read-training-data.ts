import { z } from 'zod';
import { promptSplitKey } from '#lib/domain/prompts';
import { defaultSplitFractions, type Split, type SplitFractions, splitOf, splits } from '#lib/domain/splits';
import { AppError } from '#lib/errors';
import { namedRow } from './foreign-rows';
import { formOf, formReaders } from './forms';
import { joinRankings } from './join-rankings';
import { readJsonRows } from './json-rows';
import { lookOver } from './look-over';
import { NoteBook } from './notes';
import { type JsonRow, RowProblem, shown, take } from './row-problem';
import type { PromptOrAnswer, RankingRow, TrainingData, TrainingForm } from './training-data';

export interface TrainingSource {
  /** As the reader knows it; stands in messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** All rows are of this split: a file of validation data by itself. */
  readonly split?: Split;
}

interface ReadOptions {
  /** Shares of the splits where neither rows nor files name one. */
  readonly shares?: SplitFractions;
  /** Rows that are reported at once. */
  readonly maxProblems?: number;
}

interface ReadRow {
  readonly place: string;
  readonly id: string;
  readonly promptId: string;
  /** What the split is decided by: the prompt, or the group that the row names. */
  readonly splitKey: string;
  /** Null where nothing names it. */
  readonly split: Split | null;
  readonly content: object;
  readonly form: TrainingForm;
}

const idSchema = z.union([z.string().min(1), z.number()]);
const splitNames: Readonly<Record<string, Split>> = {
  train: 'TRAIN',
  validation: 'VALIDATION',
  valid: 'VALIDATION',
  dev: 'VALIDATION',
  test: 'TEST',
};

/** What is asked: the prompt, the messages before the first answer, or the text itself. */
function askedBy(content: object): PromptOrAnswer {
  const { messages, prompt, text } = content as { prompt?: PromptOrAnswer; messages?: Exclude<PromptOrAnswer, string>; text?: string };
  if (messages === undefined) return prompt ?? text ?? '';
  const answer = messages.findIndex(({ role }) => role === 'assistant');
  return messages.slice(0, Math.max(1, answer));
}

function readSplit(row: JsonRow, fromSource: Split | undefined): Split | null {
  if (row.split === undefined || row.split === null) return fromSource ?? null;
  const name = take(row.split, 'split', z.string(), 'a text').toLowerCase();
  const split = splitNames[name];
  if (split === undefined) throw new RowProblem('split', shown(row.split), `one of ${splits.map((each) => each.toLowerCase()).join(', ')}`);
  if (fromSource !== undefined && split !== fromSource)
    throw new RowProblem('split', shown(row.split), `${fromSource.toLowerCase()}, as the whole file is`);
  return split;
}

function readRow(row: JsonRow, source: TrainingSource, place: string, number: string): ReadRow {
  const named = namedRow(row);
  try {
    const form = formOf(named.row);
    const content = formReaders[form](named.row);
    const asked = askedBy(content);
    const group = take(row.group ?? null, 'group', idSchema.nullable(), 'a text or a number');
    const messages = typeof asked === 'string' ? [{ role: 'user', content: asked }] : asked;
    const id = take(row.id ?? number, 'id', idSchema, 'a text or a number');
    const promptId = promptSplitKey(messages);
    const splitKey = group === null ? promptId : promptSplitKey(messages, String(group));
    return { place, id: String(id), promptId: promptId.slice(0, 16), splitKey, split: readSplit(row, source.split), content, form };
  } catch (error) {
    if (!(error instanceof RowProblem)) throw error;
    const [head = ''] = error.field.split(/[.[]/);
    const name = named.names[head];
    throw name === undefined ? error : new RowProblem(name + error.field.slice(head.length), error.found, error.wanted);
  }
}

function refuse(problems: readonly string[], more: number, files: string, remedy: string): AppError {
  const rest = more > 0 ? `\n... and ${more} more.` : '';
  const message = `${problems.length + more} of the rows cannot be used:\n${problems.join('\n')}${rest}`;
  return new AppError('BAD_INPUT', message, { details: { file: files, rows: problems.length + more }, remedy });
}

/** All rows of all files, of one form. Throws BAD_INPUT naming every bad row up to the limit. */
function readRows(sources: readonly TrainingSource[], maxProblems: number): { rows: ReadRow[]; form: TrainingForm } {
  const problems: string[] = [];
  let more = 0;
  const report = (text: string) => {
    if (problems.length < maxProblems) problems.push(text);
    else more += 1;
  };
  const rows: ReadRow[] = [];
  for (const [index, source] of sources.entries()) {
    for (const { number, place, row } of readJsonRows(source.bytes, source.name)) {
      try {
        if (row instanceof RowProblem) throw row;
        const read = readRow(row, source, place, index === 0 ? String(number) : `${index + 1}:${number}`);
        const [first = read] = rows;
        if (read.form === first.form) rows.push(read);
        else report(`${place}: is of the form "${read.form}", but ${first.place} is of the form "${first.form}"`);
      } catch (error) {
        if (!(error instanceof RowProblem)) throw error;
        report(`${place}: ${error.message}`);
      }
    }
  }
  const names = sources.map(({ name }) => name).join(', ');
  if (problems.length > 0)
    throw refuse(problems, more, names, 'Mend or take out these rows. What a row may look like: docs/training-data.md.');
  const [first] = rows;
  if (first === undefined) throw new AppError('BAD_INPUT', `${names} holds no rows.`, { details: { file: names } });
  return { rows, form: first.form };
}

/** Throws BAD_INPUT for a prompt in two splits, or where only some rows name one. */
function checkSplits(rows: readonly ReadRow[], names: string): void {
  const without = rows.find(({ split }) => split === null);
  if (without !== undefined) {
    const other = rows.find(({ split }) => split !== null);
    if (other === undefined) return;
    throw new AppError('BAD_INPUT', `${without.place} names no split, but ${other.place} does.`, {
      details: { file: names },
      remedy: 'Give every row a "split", or none.',
    });
  }
  const firstOf = new Map<string, ReadRow>();
  const problems: string[] = [];
  for (const row of rows) {
    const first = firstOf.get(row.splitKey) ?? row;
    firstOf.set(row.splitKey, first);
    if (first.split !== row.split) problems.push(`${row.place} (${row.split}): the prompt of ${first.place} (${first.split})`);
  }
  if (problems.length === 0) return;
  const shownProblems = problems.slice(0, 20);
  throw new AppError('BAD_INPUT', `${problems.length} rows have a prompt that stands in another split too:\n${shownProblems.join('\n')}`, {
    details: { check: 'prompts-in-one-split', rows: problems.length },
    remedy: 'Put all rows of a prompt into one split; prompts that differ only in case or white space count as one.',
  });
}

function checkIds(rows: readonly ReadRow[]): void {
  const firstOf = new Map<string, string>();
  for (const { id, place } of rows) {
    const first = firstOf.get(id);
    if (first !== undefined) throw new AppError('BAD_INPUT', `${place}: the id ${JSON.stringify(id)} stands in ${first} already.`);
    firstOf.set(id, place);
  }
}

/**
 * Reads training data: JSON Lines or one JSON list, unpacked, of one form that is told by its fields. Nothing is dropped in silence: every
 * row is in `rows` or counted in `notes`, or the reading fails with all bad rows at once.
 * Without `split` in rows or sources, the hash of the normalised prompt decides, as everywhere in the product.
 *
 * Throws BAD_INPUT naming file, line and field.
 */
export function readTrainingData(sources: readonly TrainingSource[], options: ReadOptions = {}): TrainingData {
  const { maxProblems = 20, shares = defaultSplitFractions } = options;
  const { form, rows: read } = readRows(sources, maxProblems);
  checkSplits(read, sources.map(({ name }) => name).join(', '));
  if (form !== 'rankings') checkIds(read);
  const notes = new NoteBook();
  const rows = read.map(({ content, id, place, promptId, split, splitKey }) => ({
    place,
    id,
    promptId,
    split: split ?? splitOf(splitKey, shares),
    ...content,
  }));
  const joined = form === 'rankings' ? joinRankings(rows as unknown as RankingRow[], notes) : rows;
  // rows of one form hold what its reader made of them
  const data = lookOver({ form, rows: joined, notes: [] } as unknown as TrainingData, notes);
  return { ...data, notes: notes.list() };
}
