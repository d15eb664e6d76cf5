'use client';

import { Suspense, useEffect, useState } from 'react';
import { late } from '../../../../_components/late';
import { useOwnSettings } from './own-settings';

const Notice = late(() => import('./notice'));

/** Notices ask the server for something; they wait until the task is on the screen and the page is calm. */
const calmMs = 1500;

/** A new guideline, a break, a question: one at a time, beside the work, never in its way. */
export function Notices() {
  const own = useOwnSettings();
  const [calm, setCalm] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(true), calmMs);
    return () => clearTimeout(timer);
  }, []);
  return calm && own !== null ? (
    <Suspense>
      <Notice />
    </Suspense>
  ) : null;
}
