import { z } from 'zod';

/** How the learning rate runs over the updates of a run. */
export const scheduleConfig = z.object({
  /** `cosine` falls to `floor` times the start (InstructGPT 2203.02155 appendix C: to 10 %), `linear` likewise (lm-human-preferences: to 0). */
  kind: z.enum(['constant', 'linear', 'cosine']),
  /** Share of the updates over which the rate rises linearly from 0. */
  warmup: z.number().min(0).max(0.9).default(0),
  floor: z.number().min(0).max(1).default(0),
});
export type ScheduleConfig = z.infer<typeof scheduleConfig>;

/** Factor on the learning rate for update `step` of `total`, step = 0 .. total - 1; after them it stays at `floor`. */
export function scheduleFactor(config: ScheduleConfig, step: number, total: number): number {
  const warm = Math.floor(config.warmup * total);
  if (step < warm) return (step + 1) / (warm + 1);
  if (config.kind === 'constant') return 1;
  const progress = Math.min(1, (step - warm) / Math.max(1, total - warm));
  const falling = config.kind === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return config.floor + (1 - config.floor) * falling;
}
