'use client';

import { useFormatter } from 'use-intl/react';
import { answerName } from '../_state/answer-name';

/** Names of answers as a list in the reader's language: "A", "A and C", "A, B, and C". */
export function useNames(): (answers: readonly number[]) => string {
  const format = useFormatter();
  return (answers) => format.list(answers.map(answerName), { type: 'conjunction' });
}
