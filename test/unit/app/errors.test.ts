import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError, errorCodes } from '#lib/errors';
import { shownError, trpcCode } from '../../../app/_trpc/errors';

describe('what a screen learns of an error', () => {
  it('has a place in HTTP for every code', () => {
    expect(Object.keys(trpcCode).sort()).toEqual([...errorCodes].sort());
  });

  it('keeps the words, the remedy and the details of an AppError', () => {
    const error = new AppError('CONFLICT', 'Taken.', { details: { field: 'name' }, remedy: 'Choose another.' });
    expect(shownError(error)).toEqual({ code: 'CONFLICT', message: 'Taken.', remedy: 'Choose another.', details: { field: 'name' } });
  });

  it('tells nothing of faults of ours: no message, no stack, no statement', () => {
    for (const error of [new Error('select * from "User" where ...'), new AppError('INTERNAL', '/var/lib/x is broken'), 'text', null]) {
      expect(shownError(error)).toEqual({ code: 'INTERNAL', message: '', remedy: null, details: {} });
    }
  });

  it('names the field of a wrong input', () => {
    const { error } = z.object({ name: z.object({ first: z.string() }) }).safeParse({ name: { first: 3 } });
    expect(shownError(error)).toMatchObject({ code: 'BAD_INPUT', details: { field: 'name.first' } });
  });
});
