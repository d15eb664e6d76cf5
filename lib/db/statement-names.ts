import { createHash } from 'node:crypto';

const limits = { known: 2000, named: 300, from: 3 } as const;

/**
 * Names for the statements that a process says again and again, so that PostgreSQL parses and plans each once a connection. A statement is
 * named from its third use on, and only so many are: lists of changing length make ever new texts.
 */
export function createStatementNames(): (query: { sql: string }) => string {
  const uses = new Map<string, number>();
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= limits.named) return known ?? '';
    const count = (uses.get(sql) ?? 0) + 1;
    if (uses.size >= limits.known) uses.clear();
    uses.set(sql, count);
    if (count < limits.from) return '';
    const name = `p${createHash('sha256').update(sql).digest('base64url').slice(0, 24)}`;
    names.set(sql, name);
    uses.delete(sql);
    return name;
  };
}
