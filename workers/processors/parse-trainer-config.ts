import type { z } from 'zod';
import { AppError } from '#lib/errors';

/**
 * A trainer's config as the loop gave it, with the run's seed where it names none. Fields that the trainer does not know are refused: a
 * misspelt setting would else train with the default and say nothing.
 */
export function parseTrainerConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  given: Readonly<Record<string, unknown>>,
  seed: number,
  part: 'reward' | 'policy',
): z.infer<z.ZodObject<Shape>> {
  const parsed = schema.strict().safeParse({ seed, ...given });
  if (parsed.success) return parsed.data as z.infer<z.ZodObject<Shape>>;
  const issue = parsed.error.issues[0];
  const field = [part, ...(issue?.path ?? [])].join('.');
  throw new AppError('BAD_INPUT', `The loop's config cannot be used: "${field}": ${issue?.message ?? 'unknown form'}.`, {
    details: { field },
    remedy: 'Make a loop with a config that holds only known settings; docs/metrics.md and the trainers name them.',
  });
}
