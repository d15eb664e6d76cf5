import type { Tx } from '#lib/db/create-db';
import type { SkipReason } from '#lib/domain/assignment';
import type { BlurMode } from '#lib/domain/content-categories';
import { parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { parseMemberPreferences } from '#lib/domain/member-preferences';

export interface PreferencesView {
  readonly hiddenCategories: readonly string[];
  /** What holds now: the person's own choice, else the project's. */
  readonly blur: BlurMode;
  readonly breakMinutes: number | null;
  /** What the project says, for who sets nothing himself, and why it lets a task be skipped. */
  readonly project: { readonly blur: BlurMode; readonly breakMinutes: number | null; readonly skipReasons: readonly SkipReason[] };
  /** Whether the person set it himself. */
  readonly own: { readonly blur: boolean; readonly breakMinutes: boolean };
}

/** How a member's screen behaves; the caller has authorised. */
export async function loadPreferences(db: Tx, projectId: string, userId: string): Promise<PreferencesView> {
  const { preferences, project } = await db.membership.findUniqueOrThrow({
    where: { projectId_userId: { projectId, userId } },
    select: { preferences: true, project: { select: { labelingPolicy: true } } },
  });
  const own = parseMemberPreferences(preferences);
  const policy = parseLabelingPolicy(project.labelingPolicy);
  return {
    hiddenCategories: own.hiddenCategories,
    blur: own.blur ?? policy.blur,
    breakMinutes: own.breakMinutes === undefined ? policy.breakMinutes : own.breakMinutes,
    project: { blur: policy.blur, breakMinutes: policy.breakMinutes, skipReasons: policy.skip.reasons },
    own: { blur: own.blur !== undefined, breakMinutes: own.breakMinutes !== undefined },
  };
}
