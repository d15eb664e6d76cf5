import { TRPCClientError } from '@trpc/client';
import type { ErrorCode } from '#lib/errors';
import type { ShownError } from './errors';
import type { AppRouter } from './root';

export type ReadError = Omit<ShownError, 'code'> & { code: ErrorCode | 'OFFLINE' };

/** What an error of a call says to the person. No answer at all: OFFLINE. */
export function readError(error: unknown): ReadError {
  if (error instanceof TRPCClientError) {
    const shown = (error as TRPCClientError<AppRouter>).data?.shown;
    if (shown) return shown;
  }
  if (error instanceof UploadError) return error.shown;
  return { code: 'OFFLINE', message: '', remedy: null, details: {} };
}

/** An upload's answer that is not 200; `shown` is what the route handler said. */
export class UploadError extends Error {
  readonly shown: ShownError;
  constructor(shown: ShownError) {
    super(shown.message);
    this.shown = shown;
  }
}
