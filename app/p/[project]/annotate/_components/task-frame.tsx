'use client';

import { Suspense } from 'react';
import { viewOf } from '../_kinds/views';
import { Notices } from '../_panels/notices';
import { Veil } from '../_panels/veil';
import { useAnnotate, useScreen } from './annotate-context';
import { Loading, NoTask, Refused } from './cards';
import { StatusRow } from './status';
import { Told } from './told';
import { PhoneBar, TopBar } from './top-bar';

/** The bar, what is said beside the work, and below it the view of the task's kind, or why there is none. */
export function TaskFrame({ phone }: { phone: boolean }) {
  const { reviewing } = useAnnotate();
  const kind = useScreen((state) => state.current?.view.kind ?? null);
  return (
    <>
      {phone ? <PhoneBar /> : <TopBar />}
      {phone && <StatusRow />}
      <Refused />
      <Told />
      {!reviewing && <Notices />}
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
