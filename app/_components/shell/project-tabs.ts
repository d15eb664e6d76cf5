/** Pages of a project, in the order of the bar. Apart from the component, because server code reads it too. */
export const projectTabs = ['mine', 'annotate', 'history', 'guideline', 'messages', 'data', 'models', 'runs', 'loops', 'settings'] as const;
export type ProjectTab = (typeof projectTabs)[number];
