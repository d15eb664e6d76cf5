import { z } from 'zod';

/** What can be wrong with a task so that nobody should judge it as it is. */
export const reportCategories = ['BROKEN_TEXT', 'EMPTY', 'SAME_ANSWERS', 'WRONG_LANGUAGE', 'PERSONAL_DATA', 'HARMFUL', 'OTHER'] as const;
export const reportCategorySchema = z.enum(reportCategories);
export type ReportCategory = z.infer<typeof reportCategorySchema>;

/** What is asked of annotators now and then (after the survey of InstructGPT's labelers), each 1 (not at all) to 5 (fully). */
export const satisfactionQuestions = ['ENJOYABLE', 'FAIR_PAY', 'CLEAR_GUIDELINE', 'GOOD_TOOLS'] as const;
export const satisfactionQuestionSchema = z.enum(satisfactionQuestions);
export type SatisfactionQuestion = z.infer<typeof satisfactionQuestionSchema>;
