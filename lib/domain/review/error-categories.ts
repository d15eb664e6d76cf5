import { z } from 'zod';

/** What a reviewer may find wrong with a label, or with what the annotator was given. */
export const errorCategories = [
  'MISREAD_PROMPT',
  'MISSED_INSTRUCTION',
  'MISSED_FACT',
  'UNSAFE_PREFERRED',
  'LENGTH_OVER_CONTENT',
  'STYLE_OVER_CONTENT',
  'ORDER_EFFECT',
  'CARELESS',
  'GUIDELINE_UNCLEAR',
  'FAIR_DIFFERENCE',
] as const;
export const errorCategorySchema = z.enum(errorCategories);
