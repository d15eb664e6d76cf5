import { describe, expect, test } from 'vitest';
import { importantLine } from '../../../scripts/supervisor/important-line';

const log = (fields: object) => JSON.stringify({ time: 't', name: 'worker', ...fields });

describe('importantLine', () => {
  test('warnings and errors come through in one line, with the remedy and without the stack', () => {
    const line = log({
      level: 50,
      msg: 'run failed',
      err: { message: 'No space\n\nleft', remedy: 'Free some.', stack: 'Error\n    at x (y.ts:1)' },
    });
    expect(importantLine(line, 'stdout')).toBe('run failed · No space left · Free some.');
    expect(importantLine(log({ level: 40, msg: 'slow' }), 'stdout')).toBe('slow');
  });

  test('what is said twice is shown once', () => {
    expect(importantLine(log({ level: 50, msg: 'same', err: { message: 'same' } }), 'stdout')).toBe('same');
  });

  test('information stays in the file', () => {
    expect(importantLine(log({ level: 30, msg: 'worker started' }), 'stdout')).toBeUndefined();
    expect(importantLine('▲ Next.js 16.4.5', 'stdout')).toBeUndefined();
    expect(importantLine('   ', 'stderr')).toBeUndefined();
  });

  test('plain text on stderr comes through, frames of a stack do not', () => {
    expect(importantLine('Error: listen EADDRINUSE', 'stderr')).toBe('Error: listen EADDRINUSE');
    expect(importantLine('    at Server.listen (node:net:1)', 'stderr')).toBeUndefined();
    expect(importantLine('Node.js v20.20.2', 'stderr')).toBeUndefined();
  });

  test('a broken log line is text', () => {
    expect(importantLine('{"level":', 'stderr')).toBe('{"level":');
    expect(importantLine('{"level":', 'stdout')).toBeUndefined();
  });
});
