/** Pages of a project, in the order of the bar. Apart from the component, because server code reads it too. */
export const projectTabs = [
  'mine',
  'annotate',
  'history',
  'guideline',
  'messages',
  'review',
  'quality',
  'data',
  'models',
  'runs',
  'loops',
  'arena',
  'people',
  'settings',
] as const;
export type ProjectTab = (typeof projectTabs)[number];

/** So many stand in the bar; those after them are behind "More". */
export const tabsInBar = 8;
