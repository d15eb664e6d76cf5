import type { RowFault } from '#lib/formats/json-lines';

const examplesPerCause = 3;
/** More faulty rows than this share (and than a handful) say that the file is not what it was taken for. */
const maxShare = 0.01;
const alwaysAllowed = 10;

export interface FaultGroup {
  /** What is wrong, the same for all rows of the group. */
  readonly cause: string;
  readonly count: number;
  readonly examples: readonly RowFault[];
}

export function tooManyFaults(faults: number, rows: number): boolean {
  return faults > Math.max(alwaysAllowed, maxShare * (rows + faults));
}

/** Faults of one kind together, the most frequent first; rows differ in what they hold, not in what is wrong. */
export function groupFaults(errors: readonly RowFault[]): FaultGroup[] {
  const groups = new Map<string, { cause: string; count: number; examples: RowFault[] }>();
  for (const error of errors) {
    const cause = [error.field.replaceAll(/\[\d+\]/g, '[]'), error.message.replaceAll(/\d+/g, '#')].filter(Boolean).join(' ');
    const group = groups.get(cause) ?? { cause, count: 0, examples: [] };
    groups.set(cause, group);
    group.count += 1;
    if (group.examples.length < examplesPerCause) group.examples.push(error);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** The examples as lines for a person. */
export function faultLines(groups: readonly FaultGroup[]): string[] {
  return groups
    .flatMap(({ examples }) => examples)
    .map(({ line, field, message }) => `line ${line}: ${field ? `"${field}" ` : ''}${message}`);
}
