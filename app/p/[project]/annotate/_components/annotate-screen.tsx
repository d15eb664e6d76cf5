'use client';

import { useEffect, useMemo, useState } from 'react';
import { useTRPCClient } from '../../../../_trpc/client';
import { readError } from '../../../../_trpc/read-error';
import { AnnotateStore } from '../_state/annotate-store';
import { BrowserStore } from '../_state/browser-store';
import type { LabelingApi } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { AnnotateProvider, useScreen } from './annotate-context';
import { Announcer } from './announcer';
import { Panels } from './panels';
import { TaskFrame } from './task-frame';
import { answerTextId, useKeys } from './use-keys';
import { useMedia } from './use-media';
import { usePreferences } from './use-preferences';
import { useWordedApi } from './use-worded-api';

interface Props {
  userId: string;
  project: { id: string; slug: string; name: string };
  /** An own annotation to be changed; null for the work at hand. */
  corrects: string | null;
}

export function AnnotateScreen({ userId, project, corrects }: Props) {
  const client = useTRPCClient();
  const worded = useWordedApi();
  const [store] = useState(
    () =>
      new AnnotateStore({
        api: worded(labelingApi(client, project.id)),
        store: new BrowserStore(browserStorage(), userId, project.id),
        readTrouble: readError,
      }),
  );
  return <WorkScreen store={store} project={project} reviewing={false} corrects={corrects} />;
}

interface WorkProps {
  store: AnnotateStore;
  project: Props['project'];
  reviewing: boolean;
  corrects?: string | null;
}

/** The screen on a store: annotators' tasks, or the task that a reviewer judges himself. */
export function WorkScreen({ store, project, reviewing, corrects = null }: WorkProps) {
  const preferences = usePreferences();
  useEffect(() => {
    void store.start(corrects);
    const hide = () => document.visibilityState === 'hidden' && store.saveDraft();
    document.addEventListener('visibilitychange', hide);
    return () => {
      document.removeEventListener('visibilitychange', hide);
      store.stop();
    };
  }, [store, corrects]);
  const { change } = preferences;
  useEffect(() => {
    store.oneKey = preferences.oneKey;
    store.toggleSetting = (what) =>
      change(what === 'oneKey' ? { oneKey: !preferences.oneKey } : { layout: preferences.layout === 'columns' ? 'stacked' : 'columns' });
  }, [store, change, preferences.oneKey, preferences.layout]);
  const context = useMemo(() => ({ store, project, preferences, reviewing }), [store, project, preferences, reviewing]);
  useKeys(store, preferences.singleKeys);
  return (
    <AnnotateProvider value={context}>
      <main id="main" className={styles.screen} style={{ '--scale': preferences.textSize } as React.CSSProperties}>
        <Layout />
        <Panels />
        <Announcer />
      </main>
    </AnnotateProvider>
  );
}

function Layout() {
  const phone = useMedia('(max-width: 760px)');
  const focus = useScreen((state) => state.current?.answer.at.answer ?? null);
  const task = useScreen((state) => state.current?.view.assignmentId ?? null);
  const panel = useScreen((state) => state.panel);
  // The keyboard stands on the focused answer's text, so that it scrolls, and a screen reader reads it.
  useEffect(() => {
    if (focus === null || task === null || (panel !== null && panel !== 'guideline')) return;
    const active = document.activeElement;
    if (active?.closest('textarea, input, [role="radiogroup"]') && active.closest('article, footer') !== null) return;
    if (phone && document.activeElement?.closest('[role="tablist"], [role="menu"]')) {
      document.getElementById(`tab-${focus}`)?.focus();
      return;
    }
    const text = document.getElementById(answerTextId(focus));
    text?.focus({ preventScroll: true });
    text?.closest('article')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [focus, task, phone, panel]);
  return <TaskFrame phone={phone} />;
}

function labelingApi(client: ReturnType<typeof useTRPCClient>, projectId: string): LabelingApi {
  const { labeling, review } = client;
  return {
    claim: (ahead) => labeling.claim.mutate({ projectId, ahead }),
    submit: (letter) => labeling.submit.mutate(letter),
    correct: (letter) => labeling.correct.mutate(letter),
    own: (annotationId) => labeling.own.query({ projectId, annotationId }),
    answerHint: (answer) => review.answerHint.mutate(answer),
    skip: (letter) => labeling.skip.mutate(letter),
    withdraw: (letter) => labeling.withdraw.mutate(letter),
    saveDraft: ({ assignmentId, draft }) => labeling.saveDraft.mutate({ assignmentId, draft: JSON.parse(JSON.stringify(draft)) }),
    heartbeat: (assignmentIds) => labeling.heartbeat.mutate({ assignmentIds }),
  };
}

/** Null where the browser forbids it, and while the server draws. */
export function browserStorage(): Storage | null {
  try {
    return typeof window === 'undefined' ? null : window.localStorage;
  } catch {
    return null;
  }
}
