import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import { ZodError } from 'zod';
import { AppError, type ErrorCode, type ErrorDetails } from '#lib/errors';

/** Every code of ours has its place in HTTP; a new one does not compile until it is named here. */
export const trpcCode = {
  BAD_INPUT: 'BAD_REQUEST',
  UNAUTHENTICATED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  PRECONDITION: 'PRECONDITION_FAILED',
  RATE_LIMITED: 'TOO_MANY_REQUESTS',
  CANCELLED: 'CLIENT_CLOSED_REQUEST',
  FENCED: 'CONFLICT',
  INVARIANT: 'INTERNAL_SERVER_ERROR',
  DISK_FULL: 'INTERNAL_SERVER_ERROR',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<ErrorCode, TRPC_ERROR_CODE_KEY>;

/** What a screen may learn of an error: words written for people, and nothing of how the server is built. */
export interface ShownError {
  code: ErrorCode;
  message: string;
  remedy: string | null;
  details: ErrorDetails;
}

const internal: ShownError = { code: 'INTERNAL', message: '', remedy: null, details: {} };

/** An AppError speaks for itself; a wrong input names its field; everything else is a fault of ours and stays in the log. */
export function shownError(error: unknown): ShownError {
  if (error instanceof AppError) {
    if (error.code === 'INTERNAL') return internal;
    return { code: error.code, message: error.message, remedy: error.remedy ?? null, details: error.details };
  }
  if (error instanceof ZodError) {
    const issue = error.issues[0];
    const field = issue?.path.join('.') ?? '';
    return { code: 'BAD_INPUT', message: issue?.message ?? '', remedy: null, details: { field } };
  }
  return internal;
}

/** A request that changes something and does not come from a page of ours. */
export function foreignOrigin(): AppError {
  return new AppError('FORBIDDEN', 'This request did not come from a page of this address.', {
    remedy: 'Behind a proxy, set PUBLIC_URL to the address that people use.',
  });
}
