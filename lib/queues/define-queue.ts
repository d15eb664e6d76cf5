import type { z } from 'zod';

/** A queue: its name, and what a job carries. Both ends parse, so a job written by an older release fails with a clear reason. */
export interface QueueDefinition<Payload> {
  readonly name: string;
  readonly payload: z.ZodType<Payload>;
}

export function defineQueue<Payload>(definition: QueueDefinition<Payload>): QueueDefinition<Payload> {
  return definition;
}
