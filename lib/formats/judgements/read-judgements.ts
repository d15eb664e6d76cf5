import { z } from 'zod';
import type { Label, LabelRow } from '#lib/domain/statistics/agreement/label-table';
import type { RankingRow } from '#lib/domain/statistics/agreement/ranking-table';
import { AppError } from '#lib/errors';
import { type JsonRow, RowProblem, shown, take } from '../training-data/row-problem';

/** Judgements of one kind; a file never mixes them. */
export type Judgements =
  | { readonly kind: 'labels'; readonly rows: readonly LabelRow[] }
  | { readonly kind: 'rankings'; readonly rows: readonly RankingRow[] };

const name = z.union([z.string().min(1), z.number()]).transform(String);
const label = z.union([z.string(), z.number()]);
const responses = z.array(name).min(2);
const ranks = z.array(z.number().positive().nullable());

/** So many bad rows are told; the first are enough to see what is wrong with a file. */
const toldRows = 5;

/**
 * One JSON object a line: `{"item", "annotator", "label"}`, a label a text or a number, with an optional `group` that the item belongs to;
 * or `{"item", "annotator", "responses", "ranks"}`, responses by id in the order shown, ranks lower is better, null for set aside.
 * Other fields are let be; empty lines too.
 * @throws AppError BAD_INPUT naming the bad lines and what is wrong with each
 */
export function readJudgements(bytes: Uint8Array, file: string): Judgements {
  const labels: LabelRow[] = [];
  const rankings: RankingRow[] = [];
  const problems: { line: number; message: string }[] = [];
  let first: { line: number; kind: string } | null = null;
  for (const { line, row } of jsonLines(bytes)) {
    try {
      if (row instanceof RowProblem) throw row;
      const kind = kindOf(row);
      first ??= { line, kind };
      if (first.kind !== kind) throw new RowProblem('', `a ${kind}`, `a ${first.kind}, as on line ${first.line}: one kind a file`);
      if (kind === 'ranking') rankings.push(rankingOf(row));
      else labels.push(labelOf(row, labels[0]?.label));
    } catch (problem) {
      if (!(problem instanceof RowProblem)) throw problem;
      problems.push({ line, message: problem.message });
    }
  }
  if (problems.length > 0) throw badRows(file, problems);
  if (rankings.length > 0) return { kind: 'rankings', rows: rankings };
  if (labels.length > 0) return { kind: 'labels', rows: labels };
  throw new AppError('BAD_INPUT', `${file} holds no judgement.`, { details: { file }, remedy });
}

const remedy =
  'Give one JSON object a line: {"item", "annotator", "label"}, or {"item", "annotator", "responses", "ranks"}; "-" reads standard input.';

function badRows(file: string, problems: readonly { line: number; message: string }[]): AppError {
  const told = problems.slice(0, toldRows).map(({ line, message }) => `line ${line}: ${message}`);
  const more = problems.length > toldRows ? ` And ${problems.length - toldRows} more.` : '';
  const count = problems.length === 1 ? '1 row cannot be taken' : `${problems.length} rows cannot be taken`;
  return new AppError('BAD_INPUT', `${file}: ${count}. ${told.join('. ')}.${more}`, {
    details: { file, line: problems[0]?.line ?? 0, rows: problems.length },
    remedy,
  });
}

function* jsonLines(bytes: Uint8Array): Generator<{ line: number; row: JsonRow | RowProblem }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    line += 1;
    const row = parseLine(bytes.subarray(start, end), decoder);
    if (row !== null) yield { line, row };
    start = end + 1;
  }
}

function parseLine(bytes: Uint8Array, decoder: TextDecoder): JsonRow | RowProblem | null {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return new RowProblem('', 'bytes that are not UTF-8', 'UTF-8 text');
  }
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRow;
    return new RowProblem('', shown(value), 'a JSON object');
  } catch {
    return new RowProblem('', shown(text), 'one JSON object a line');
  }
}

function kindOf(row: JsonRow): 'label' | 'ranking' {
  const [labelled, ranked] = ['label' in row, 'ranks' in row || 'responses' in row];
  if (labelled && ranked) throw new RowProblem('', '"label" beside "ranks" or "responses"', 'one of the two');
  if (!labelled && !ranked) throw new RowProblem('', 'neither "label" nor "responses" with "ranks"', 'one of the two');
  return ranked ? 'ranking' : 'label';
}

function labelOf(row: JsonRow, like: Label | undefined): LabelRow {
  const given = take(row.label, 'label', label, 'a text or a number');
  if (like !== undefined && typeof like !== typeof given)
    throw new RowProblem('label', shown(given), `a ${typeof like === 'number' ? 'number' : 'text'}, as in the first row`);
  return {
    item: take(row.item, 'item', name, 'a text or a number'),
    annotator: take(row.annotator, 'annotator', name, 'a text or a number'),
    label: given,
    ...(row.group === undefined || row.group === null ? {} : { group: take(row.group, 'group', name, 'a text or a number') }),
  };
}

function rankingOf(row: JsonRow): RankingRow {
  const ids = take(row.responses, 'responses', responses, 'two ids or more');
  const given = take(row.ranks, 'ranks', ranks, 'a list of numbers above 0, or null for an answer set aside');
  if (given.length !== ids.length) throw new RowProblem('ranks', `${given.length} ranks`, `${ids.length}, one for each of "responses"`);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new RowProblem('responses', `${shown(twice)} twice`, 'each id once');
  return {
    item: take(row.item, 'item', name, 'a text or a number'),
    annotator: take(row.annotator, 'annotator', name, 'a text or a number'),
    responses: ids,
    ranks: given,
  };
}
