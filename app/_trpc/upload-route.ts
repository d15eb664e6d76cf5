import type { Actor } from '#lib/domain/actor';
import { AppError, type ErrorCode } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { isSameOrigin } from '../_auth/origin';
import { readSession } from '../_auth/session';
import { getDeps, getWebConfig } from '../_deps';
import { foreignOrigin, shownError } from './errors';

const httpStatus = {
  BAD_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION: 412,
  RATE_LIMITED: 429,
  CANCELLED: 499,
  FENCED: 409,
  INVARIANT: 500,
  DISK_FULL: 507,
  UNAVAILABLE: 503,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

/** The frame of a route that takes bytes: signed in, from a page of ours, errors in the same words as everywhere. */
export async function answerUpload(request: Request, work: (deps: Deps, actor: Actor) => Promise<unknown>): Promise<Response> {
  const headers = { 'cache-control': 'no-store' };
  try {
    if (!isSameOrigin(request.headers, getWebConfig().publicUrl)) {
      throw foreignOrigin();
    }
    const session = await readSession(request.headers);
    if (!session) throw new AppError('UNAUTHENTICATED', 'Sign in again.');
    return Response.json(await work(getDeps(), session.actor), { headers });
  } catch (error) {
    const shown = shownError(error);
    if (shown.code === 'INTERNAL') getDeps().logger.error({ err: error }, 'an upload failed');
    return Response.json({ shown }, { status: httpStatus[shown.code], headers });
  }
}

/** The whole body, refused as soon as it is larger than `most` bytes. */
export async function readBody(request: Request, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new AppError('BAD_INPUT', `The file is larger than ${Math.round(most / 1024 / 1024)} MB.`, {
      remedy: 'Split the file and import the parts.',
    });
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() })) {
    size += part.length;
    if (size > most) throw tooLarge();
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts, size));
}
