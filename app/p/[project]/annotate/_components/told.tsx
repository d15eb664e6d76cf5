'use client';

import { Suspense } from 'react';
import { late } from '../../../../_components/late';
import { useScreen } from './annotate-context';

const HintNote = late(() => import('./hint-note'));
const TrainingFeedback = late(() => import('./training-feedback'));

/** What the server tells after a submission: shown until the person goes on. */
export function Told() {
  const told = useScreen((state) => state.told);
  if (told === null) return null;
  const { feedback, hint, annotationId } = told;
  return (
    <Suspense>
      {feedback && <TrainingFeedback key={annotationId} told={told} feedback={feedback} />}
      {hint && <HintNote key={annotationId} told={told} hint={hint} />}
    </Suspense>
  );
}
