/** What can be wrong with a task so that nobody should judge it as it is. */
export const reportCategories = ['BROKEN_TEXT', 'EMPTY', 'SAME_ANSWERS', 'WRONG_LANGUAGE', 'PERSONAL_DATA', 'HARMFUL', 'OTHER'] as const;
export type ReportCategory = (typeof reportCategories)[number];

/** What is asked of annotators now and then (after the survey of InstructGPT's labelers), each 1 (not at all) to 5 (fully). */
export const satisfactionQuestions = ['ENJOYABLE', 'FAIR_PAY', 'CLEAR_GUIDELINE', 'GOOD_TOOLS'] as const;
export type SatisfactionQuestion = (typeof satisfactionQuestions)[number];
