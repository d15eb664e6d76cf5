import { z } from 'zod';
import { AppError } from '#lib/errors';
import { type JsonRow, RowProblem, shown } from './row-problem';

export interface PlacedRow {
  /** `line 4`, or `entry 4` of a JSON list. */
  readonly place: string;
  readonly number: number;
  readonly row: JsonRow | RowProblem;
}

const listSchema = z.array(z.unknown());

function asRow(value: unknown): JsonRow | RowProblem {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRow;
  return new RowProblem('', shown(value), 'a JSON object');
}

function parseLine(line: string): JsonRow | RowProblem {
  try {
    return asRow(JSON.parse(line));
  } catch {
    return new RowProblem('', shown(line), 'one JSON object a line');
  }
}

function parseList(text: string, name: string): PlacedRow[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError(
      'BAD_INPUT',
      `${name} begins as a JSON list and cannot be read: ${error instanceof Error ? error.message : error}.`,
      {
        details: { file: name },
        remedy: 'Give one JSON object a line, or one complete JSON list of objects.',
      },
    );
  }
  return listSchema.parse(json).map((value, index) => ({ place: `${name}, entry ${index + 1}`, number: index + 1, row: asRow(value) }));
}

/** Rows of a JSON Lines file, or of a file that is one JSON list. Throws BAD_INPUT for bytes that are no UTF-8 or a list that is no JSON. */
export function readJsonRows(bytes: Uint8Array, name: string): PlacedRow[] {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new AppError('BAD_INPUT', `${name} is packed with gzip.`, { details: { file: name }, remedy: 'Unpack it first.' });
  let text: string;
  try {
    // drops a byte order mark
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AppError('BAD_INPUT', `${name} is not UTF-8 text.`, { details: { file: name }, remedy: 'Save it as UTF-8.' });
  }
  if (text.trimStart().startsWith('[')) return parseList(text, name);
  return text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => ({ place: `${name}, line ${number}`, number, row: parseLine(line) }));
}
