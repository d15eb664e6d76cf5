import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

const largestBytes = 10 * 1024 * 1024;
const keptLines = 40;

/** A log of one process: at most two files of 10 MB. A disk that is full costs lines, never the process. */
export class LogFile {
  readonly file: string;
  private handle: number;
  private size: number;
  private recent: string[] = [];

  constructor(folder: string, name: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = path.join(folder, `${name}.log`);
    this.handle = openSync(this.file, 'a', 0o600);
    this.size = fstatSync(this.handle).size;
  }

  write(line: string): void {
    this.recent = [...this.recent.slice(-(keptLines - 1)), line];
    try {
      if (this.size > largestBytes) this.turn();
      this.size += writeSync(this.handle, `${line}\n`);
    } catch {
      // Nowhere left to write it.
    }
  }

  lastLines(count: number): readonly string[] {
    return this.recent.slice(-count);
  }

  close(): void {
    closeSync(this.handle);
  }

  private turn(): void {
    closeSync(this.handle);
    renameSync(this.file, `${this.file}.1`);
    this.handle = openSync(this.file, 'a', 0o600);
    this.size = 0;
  }
}

/** The end of a log file on disk, for messages. */
export function readLastLines(file: string, count: number): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count) : [];
}
