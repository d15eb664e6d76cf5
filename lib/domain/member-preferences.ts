import { z } from 'zod';
import { blurModes, contentCategories } from './content-categories';

/** Shortest and longest time of work between two reminders, in minutes. */
const breakBounds = { min: 10, max: 240 } as const;

/** What a person set for himself in a project. What he never set follows the project's policy. */
export const memberPreferencesSchema = z.strictObject({
  /** Tasks marked with one of these are not assigned to him. */
  hiddenCategories: z.array(z.enum(contentCategories)).default([]),
  blur: z.enum(blurModes).optional(),
  /** Minutes of active work until a break is suggested; null = never. */
  breakMinutes: z.int().min(breakBounds.min).max(breakBounds.max).nullable().optional(),
});

type MemberPreferences = z.infer<typeof memberPreferencesSchema>;

/** What Membership.preferences holds ({} = nothing was set). Broken JSON there is a fault of ours and throws. */
export function parseMemberPreferences(value: unknown): MemberPreferences {
  return memberPreferencesSchema.parse(value);
}
