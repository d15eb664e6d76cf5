'use client';

import { BrokenCard, type BrokenProps } from './_components/ui/broken-card';

export default function PageError(props: BrokenProps) {
  return (
    <main id="main">
      <BrokenCard {...props} />
    </main>
  );
}
