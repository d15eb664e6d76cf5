/**
 * Kinds of content that a person may not want to meet at work. A task is marked with those that its texts hold
 * (Task.contentFlags); who opted out of one is never assigned such a task, and for everybody else it is blurred first.
 */
export const contentCategories = ['violence', 'sexual', 'hate', 'self_harm', 'abuse_of_children', 'gore', 'drugs', 'profanity'] as const;
type ContentCategory = (typeof contentCategories)[number];

/** The marks that have a name here; others (of an import by a later version) are not worded. */
export function isContentCategory(flag: string): flag is ContentCategory {
  return contentCategories.some((category) => category === flag);
}

/** What is blurred until the person asks to see it. */
export const blurModes = ['all', 'flagged', 'none'] as const;
export type BlurMode = (typeof blurModes)[number];
