import { stripVTControlCharacters } from 'node:util';

/** What people read while a command works. Everything of it goes to stderr, so that stdout holds the result and nothing else. */
export interface Terminal {
  line(text: string): void;
  /** One line that is rewritten in place on a terminal; elsewhere a line every few seconds. */
  progress(text: string): void;
  /** Takes the line of `progress` away. */
  endProgress(): void;
  /** Several lines that replace those shown before them; elsewhere they follow one another. */
  screen(text: string): void;
}

const quietMs = 5_000;

export function createTerminal(stream: NodeJS.WriteStream): Terminal {
  let open = false;
  let lastText = '';
  let lastAt = Number.NEGATIVE_INFINITY;
  const endProgress = () => {
    if (open) stream.write('\r\u001b[2K');
    open = false;
    lastText = '';
  };
  return {
    line(text) {
      endProgress();
      stream.write(`${text}\n`);
    },
    progress(text) {
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${cut(plain(text), (stream.columns || 80) - 1)}`);
        open = true;
        return;
      }
      if (text === lastText || performance.now() - lastAt < quietMs) return;
      lastText = text;
      lastAt = performance.now();
      stream.write(`${plain(text)}\n`);
    },
    endProgress,
    screen(text) {
      endProgress();
      stream.write(stream.isTTY ? `\u001b[2J\u001b[H${text}\n` : `${text}\n\n`);
    },
  };
}

/** Names come from files and from the network: nothing of them may steer the terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** Columns that a text takes: East Asian wide characters and emoji take two, marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d/u.test(character)) continue;
    width +=
      /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303f\uff01-\uff60]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept) + widthOf(character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

export type Cell = string | number | null;

/** Columns side by side; numbers to the right, null as a dash. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (cell === null ? '–' : plain(typeof cell === 'number' ? formatNumber(cell) : cell))));
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number' || row[column] === null));
  const widths = head.map((title, column) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
        return numeric[column] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** Name and value, one pair a line. */
export function facts(pairs: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => widthOf(name)));
  return pairs
    .map(([name, value]) => {
      const shown = value === null ? '–' : plain(typeof value === 'number' ? formatNumber(value) : value);
      return `${name}${' '.repeat(width - widthOf(name))}  ${shown}`;
    })
    .join('\n');
}

/** 12345 as 12 345: groups by a narrow space, as the screens do. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= 10_000 ? String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ') : String(value);
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function formatTime(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** 95 s, 12 min, 3.4 h. */
export function formatDuration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
