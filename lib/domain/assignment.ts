import { z } from 'zod';

/**
 * How long a task is held for one annotator. A page that is open renews its lease each `heartbeatMs`; a lease survives
 * 19 lost heartbeats. The task preloaded behind the current one is held shortly and taken back when the queue runs dry.
 */
export const assignmentPolicy = {
  leaseMs: 10 * 60_000,
  aheadLeaseMs: 3 * 60_000,
  heartbeatMs: 30_000,
  /** The current task and one ahead of it. */
  maxHeld: 2,
} as const;

export const skipReasons = ['UNCLEAR', 'LANGUAGE', 'HARMFUL', 'TOO_LONG', 'KNOWLEDGE', 'BROKEN', 'OTHER'] as const;
export const skipReasonSchema = z.enum(skipReasons);
export type SkipReason = z.infer<typeof skipReasonSchema>;

export function leaseExpiry(now: Date, ahead: boolean): Date {
  return new Date(now.getTime() + (ahead ? assignmentPolicy.aheadLeaseMs : assignmentPolicy.leaseMs));
}
