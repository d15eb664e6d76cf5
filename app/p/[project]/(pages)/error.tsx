'use client';

import { BrokenCard, type BrokenProps } from '../../../_components/ui/broken-card';

/** Inside the project's shell: the bar and the other pages keep working. */
export default function PageError(props: BrokenProps) {
  return <BrokenCard {...props} />;
}
