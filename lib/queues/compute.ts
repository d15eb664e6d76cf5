import { z } from 'zod';

/** A Run to carry out. `attempt` must be the Run's own when it is claimed: a job left over from an earlier attempt does nothing. */
export const runPayload = z.strictObject({ runId: z.uuid(), attempt: z.int().min(0) });
