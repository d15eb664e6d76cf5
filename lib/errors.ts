/**
 * The one error type. `message` is written for the person who reads it: what stopped, where, what to do.
 * `code` is closed, so that every edge (tRPC, REST, command line, worker) maps all of it.
 */
export const errorCodes = [
  'BAD_INPUT', // what was given is wrong; `details` names file, line, field or tensor
  'UNAUTHENTICATED', // sign in first
  'FORBIDDEN', // signed in, but the role may not
  'NOT_FOUND',
  'CONFLICT', // the state moved on, or two did it at once
  'PRECONDITION', // allowed only later, or after something else
  'RATE_LIMITED',
  'CANCELLED', // a person asked for it
  'FENCED', // this process lost its claim: another one owns the run now
  'INVARIANT', // a check of the mathematics failed: the run stops, with the name of the check
  'DISK_FULL',
  'UNAVAILABLE', // database, queue or blob store cannot be reached
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** What the reader can do about it; shown after the message. */
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; remedy?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? {};
    this.remedy = options.remedy;
  }
}

/** Whether trying the same thing again can help. Anything that is not an AppError is a fault of ours and is not retried. */
export const retryable: Readonly<Record<ErrorCode, boolean>> = {
  BAD_INPUT: false,
  UNAUTHENTICATED: false,
  FORBIDDEN: false,
  NOT_FOUND: false,
  CONFLICT: false,
  PRECONDITION: false,
  RATE_LIMITED: true,
  CANCELLED: false,
  FENCED: false,
  INVARIANT: false,
  DISK_FULL: true,
  UNAVAILABLE: true,
  INTERNAL: false,
};
