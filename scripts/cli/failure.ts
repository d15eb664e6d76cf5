import { CommanderError } from 'commander';
import { z } from 'zod';
import { toAppError } from '#lib/db/create-db';
import { AppError, type ErrorCode } from '#lib/errors';
import { plain } from './terminal';

/** What the shell sees. Anything that is not in the table is 1. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong usage, or what was given is wrong or not there: the same call fails again. */
  wrong: 2,
  /** Database, queue, disk or engine cannot be had now: the same call may work later. */
  unavailable: 3,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

const exitCodeOf: Partial<Record<ErrorCode, number>> = {
  BAD_INPUT: exitCodes.wrong,
  NOT_FOUND: exitCodes.wrong,
  UNAVAILABLE: exitCodes.unavailable,
  DISK_FULL: exitCodes.unavailable,
  CANCELLED: exitCodes.interrupted,
};

export interface Failure {
  readonly error: AppError;
  readonly exitCode: number;
}

/** Any thrown value as what a person is told. */
export function toFailure(thrown: unknown): Failure {
  const error = describe(thrown);
  return { error, exitCode: exitCodeOf[error.code] ?? exitCodes.failed };
}

function describe(thrown: unknown): AppError {
  if (thrown instanceof CommanderError) {
    return new AppError('BAD_INPUT', sentence(thrown.message.replace(/^error: /, '')), {
      remedy: 'Add --help to the command to see what it takes.',
    });
  }
  if (thrown instanceof z.ZodError) {
    const [issue] = thrown.issues;
    const field = issue?.path.join('.') ?? '';
    return new AppError('BAD_INPUT', sentence(`${field ? `"${field}": ` : ''}${issue?.message ?? 'what was given cannot be used'}`), {
      details: { field },
      remedy: 'Add --help to the command to see what it takes.',
      cause: thrown,
    });
  }
  const error = toAppError(thrown);
  if (error.code !== 'INTERNAL' || thrown instanceof AppError) return error;
  return new AppError('INTERNAL', error.message, {
    remedy: 'Run it again with PLUMBLINE_DEBUG=1 to see what happened, and report that text.',
    cause: thrown,
  });
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?)]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** For people: message, what it is about, remedy. Never a stack. */
export function failureText({ error }: Failure): string {
  const lines = error.message.split('\n').map(plain);
  const told = [`error: ${lines[0] ?? ''}`, ...lines.slice(1).map((line) => `  ${line}`)];
  for (const [name, value] of Object.entries(error.details)) {
    if (value === null || value === '') continue;
    if (Array.isArray(value)) told.push(...value.map((item: string) => `  - ${plain(item)}`));
    // What the sentence says already is not said again.
    else if (!error.message.includes(String(value))) told.push(`  ${name}: ${plain(String(value))}`);
  }
  if (error.remedy) told.push(`  What to do: ${plain(error.remedy)}`);
  return told.join('\n');
}

/** For machines. */
export function failureJson({ error }: Failure): Record<string, unknown> {
  return { error: { code: error.code, message: error.message, remedy: error.remedy ?? null, details: error.details } };
}
