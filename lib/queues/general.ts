import { z } from 'zod';
import { defineQueue } from './define-queue';

/** Short jobs: round transitions, freezing, imports. `wake` asks a worker to look at the outbox now instead of at its next sweep. */
export const general = defineQueue({
  name: 'general',
  payload: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('wake') }),
    z.strictObject({ kind: z.literal('outbox'), outboxId: z.uuid(), attempt: z.int().min(0) }),
  ]),
});
