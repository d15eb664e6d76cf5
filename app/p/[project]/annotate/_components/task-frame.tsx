'use client';

import { Suspense } from 'react';
import { viewOf } from '../_kinds/views';
import { Veil } from '../_panels/veil';
import { useScreen } from './annotate-context';
import { Loading, NoTask } from './cards';
import { PhoneBar, TopBar } from './top-bar';

/** The bar, and below it the view of the task's kind, or why there is none. */
export function TaskFrame({ phone }: { phone: boolean }) {
  const kind = useScreen((state) => state.current?.view.kind ?? null);
  return (
    <>
      {phone ? <PhoneBar /> : <TopBar />}
      {kind === null ? (
        <NoTask />
      ) : (
        <Suspense fallback={<Loading />}>
          <Veil>
            <KindView kind={kind} phone={phone} />
          </Veil>
        </Suspense>
      )}
    </>
  );
}

function KindView({ kind, phone }: { kind: Parameters<typeof viewOf>[0]; phone: boolean }) {
  const View = viewOf(kind);
  return <View phone={phone} />;
}
