import { z } from 'zod';

const warning = 40;
const logLine = z.object({
  level: z.number(),
  msg: z.string().default(''),
  err: z.object({ message: z.string().default(''), remedy: z.string().optional() }).optional(),
});

/**
 * What of a child's output belongs on the terminal: warnings and errors, in one line without a stack. Everything else is in the log file.
 * @param source where the child wrote it: plain text counts only on stderr
 */
export function importantLine(line: string, source: 'stdout' | 'stderr'): string | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  if (text.startsWith('{')) {
    try {
      const parsed = logLine.parse(JSON.parse(text));
      if (parsed.level < warning) return undefined;
      const parts = [parsed.msg, parsed.err?.message, parsed.err?.remedy].filter((part) => part !== undefined && part !== '');
      return [...new Set(parts)].join(' · ').replace(/\s*\n\s*/g, ' ');
    } catch {
      return source === 'stderr' ? text : undefined;
    }
  }
  if (source === 'stdout') return undefined;
  // Frames of a stack and the snippets above them say nothing to the reader of the terminal.
  return /^(at |node:|\^|\(node:|\(Use `node|[{}[\]]|Node\.js v)/.test(text) ? undefined : text;
}
