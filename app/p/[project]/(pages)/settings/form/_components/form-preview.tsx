'use client';

import { Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { FormSpec } from '#lib/domain/forms';
import { readError } from '../../../../../../_trpc/read-error';
import { AnnotateProvider } from '../../../../annotate/_components/annotate-context';
import { useMedia } from '../../../../annotate/_components/use-media';
import { usePreferences } from '../../../../annotate/_components/use-preferences';
import { ChatApiProvider } from '../../../../annotate/_kinds/chat/use-chat';
import { viewOf } from '../../../../annotate/_kinds/views';
import { AnnotateStore } from '../../../../annotate/_state/annotate-store';
import { BrowserStore } from '../../../../annotate/_state/browser-store';
import type { LabelingApi } from '../../../../annotate/_state/screen-state';
import type { TaskView } from '../../../../annotate/_state/task-view';
import { exampleChat } from '../_state/example-chat';
import styles from '../form.module.css';

interface Props {
  spec: FormSpec;
  project: { id: string; slug: string; name: string };
}

const counts = { RANKING: 3, PAIRWISE: 2, RATING: 2, DEMONSTRATION: 0, CORRECTION: 1, FLAGS: 2, SPAN: 1, CHAT: 0 } as const;

/** The form as annotators get it, on an example; what is answered here is sent nowhere. */
export function FormPreview({ spec, project }: Props) {
  const t = useTranslations('form');
  const narrow = useMedia('(max-width: 760px)');
  const [chosen, setPhone] = useState<boolean | null>(null);
  const phone = chosen ?? narrow;
  return (
    <>
      <div className="row wrap">
        <button type="button" className="btn" aria-pressed={!phone} onClick={() => setPhone(false)}>
          {t('preview.wide')}
        </button>
        <button type="button" className="btn" aria-pressed={phone} onClick={() => setPhone(true)}>
          {t('preview.phone')}
        </button>
      </div>
      <Screen key={JSON.stringify(spec)} spec={spec} project={project} phone={phone} />
    </>
  );
}

function Screen({ spec, project, phone }: Props & { phone: boolean }) {
  const t = useTranslations('form');
  const preferences = usePreferences();
  const texts = [t('preview.answer1'), t('preview.answer2'), t('preview.answer3')];
  const [chat] = useState(() => exampleChat(spec, t('preview.prompt'), texts));
  const [store] = useState(() => {
    const view = exampleView(spec, t('preview.prompt'), texts);
    return new AnnotateStore({ api: exampleApi(view), store: new BrowserStore(null, 'preview', project.id), readTrouble: readError });
  });
  const [open, setOpen] = useState(false);
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const stop = store.subscribe(() => setOpen(store.getState().current !== null));
    void store.start(null);
    return () => {
      stop();
      store.stop();
    };
  }, [store]);
  const context = useMemo(() => ({ store, project, preferences, reviewing: true }), [store, project, preferences]);
  const View = viewOf(spec.kind);
  const { frame, zoom } = useZoom(phone ? phoneWidth : screenWidth);
  return (
    <div ref={frame} className={styles.frame}>
      <div className={phone ? styles.phone : styles.screen} style={{ '--zoom': zoom } as React.CSSProperties} inert={!drawn}>
        <AnnotateProvider value={context}>
          <ChatApiProvider value={chat}>
            <Suspense fallback={null}>
              {open && <View phone={phone} />}
              {open && <Drawn tell={setDrawn} />}
            </Suspense>
          </ChatApiProvider>
        </AnnotateProvider>
      </div>
    </div>
  );
}

/** What takes the focus when it comes does so before this: whoever types in the form beside it keeps his place. */
function Drawn({ tell }: { tell: (drawn: boolean) => void }) {
  useEffect(() => tell(true), [tell]);
  return null;
}

/** Of a usual laptop, so that the row of tools has its place. */
const screenWidth = 1240;
const phoneWidth = 360;

/** Makes something of this width as small as its frame is: the example keeps the layout of the real screen. */
function useZoom(width: number) {
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(width);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { frame, zoom: Math.min(1, room / width) };
}

function exampleView(spec: FormSpec, prompt: string, texts: readonly string[]): TaskView {
  const responses = texts.slice(0, counts[spec.kind]).map((text, index) => ({ id: `example-${index}`, text }));
  const [first] = responses;
  return {
    assignmentId: 'example',
    taskId: 'example',
    kind: spec.kind,
    mode: 'work',
    contentFlags: [],
    spec: spec.kind === 'CORRECTION' && first ? { responseId: first.id } : {},
    prompt: { messages: [{ role: 'user', content: prompt }] },
    responses,
    guideline: { version: 1, text: '' },
    form: { spec },
    messages: 0,
    draft: null,
    progress: { doneToday: 0, left: 1 },
  };
}

/** One example, again after it was answered. */
function exampleApi(view: TaskView): LabelingApi {
  const notHere = () => Promise.reject(new Error('an example is not kept'));
  return {
    claim: async (ahead) => (ahead ? null : view),
    submit: async () => ({ annotationId: 'example', surplus: false, next: null }),
    correct: notHere,
    own: notHere,
    skip: async () => ({ next: view }),
    withdraw: async () => view,
    saveDraft: async () => ({ savedAt: new Date() }),
    heartbeat: async (ids) => ids.map((assignmentId) => ({ assignmentId, held: true })),
  };
}
