export const roles = ['ANNOTATOR', 'REVIEWER', 'RESEARCHER', 'ADMIN'] as const;
export type Role = (typeof roles)[number];

const everyRole: readonly Role[] = roles;
const readers: readonly Role[] = ['REVIEWER', 'RESEARCHER', 'ADMIN'];
const researchers: readonly Role[] = ['RESEARCHER', 'ADMIN'];

/**
 * Who may do what in a project. What is not named here nobody may do. Annotators read neither datasets nor runs:
 * a model name, a score or another's label would reach their judgement.
 */
const projectTable = {
  'project.read': everyRole,
  'project.manage': ['ADMIN'],
  'member.read': readers,
  'member.invite': ['ADMIN'],
  'member.manage': ['ADMIN'],
  'guideline.read': everyRole,
  'guideline.write': researchers,
  'form.read': readers,
  'form.write': researchers,
  'dataset.read': readers,
  'dataset.import': researchers,
  'labeling.annotate': ['ANNOTATOR'],
  'labeling.manage': researchers,
  'annotation.read': readers,
  'quality.read': readers,
  'quality.rate': readers,
  'quality.manage': researchers,
  'review.judge': ['REVIEWER'],
  'snapshot.read': researchers,
  'snapshot.freeze': ['RESEARCHER'],
  'model.read': researchers,
  'model.import': ['RESEARCHER'],
  'model.export': ['RESEARCHER'],
  'loop.read': researchers,
  'loop.create': ['RESEARCHER'],
  'loop.operate': ['RESEARCHER'],
  'run.read': researchers,
  'run.operate': ['RESEARCHER'],
  'lineage.read': researchers,
} as const satisfies Record<string, readonly Role[]>;

/** What belongs to the whole installation: only a system admin may, whatever roles he has in projects. */
const systemTable = ['project.create', 'system.read', 'user.manage', 'worker.read'] as const;

export type ProjectAction = keyof typeof projectTable;
export type SystemAction = (typeof systemTable)[number];
export type Action = ProjectAction | SystemAction;

export const projectActions = Object.keys(projectTable) as readonly ProjectAction[];
export const systemActions: readonly SystemAction[] = systemTable;

function isProjectAction(action: string): action is ProjectAction {
  return Object.hasOwn(projectTable, action);
}

/** The roles that may do it in a project; empty for what only a system admin may. */
export function rolesFor(action: Action): readonly Role[] {
  return isProjectAction(action) ? projectTable[action] : [];
}

/** Deny by default. A system admin is not thereby a member: project actions look at the roles alone. */
export function isAllowed(held: readonly Role[], isSystemAdmin: boolean, action: Action): boolean {
  if (isProjectAction(action)) return held.some((role) => rolesFor(action).includes(role));
  return isSystemAdmin && systemActions.includes(action);
}
