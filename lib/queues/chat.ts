import { z } from 'zod';
import { defineQueue } from './define-queue';

/** Replies that a person waits for: a turn of a conversation, a suggestion. One at a time in a worker, in a child process that stays warm. */
export const chat = defineQueue({ name: 'chat', payload: z.strictObject({ outboxId: z.uuid(), attempt: z.int().min(0) }) });
