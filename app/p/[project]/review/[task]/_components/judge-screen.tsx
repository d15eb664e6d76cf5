'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import type { ReviewTask } from '#lib/services/review/load-review-task';
import { useTRPCClient } from '../../../../../_trpc/client';
import { readError } from '../../../../../_trpc/read-error';
import { browserStorage, WorkScreen } from '../../../annotate/_components/annotate-screen';
import { useWordedApi } from '../../../annotate/_components/use-worded-api';
import { AnnotateStore } from '../../../annotate/_state/annotate-store';
import { BrowserStore } from '../../../annotate/_state/browser-store';
import type { LabelingApi } from '../../../annotate/_state/screen-state';
import type { TaskView } from '../../../annotate/_state/task-view';

interface Props {
  userId: string;
  project: { id: string; slug: string; name: string };
  task: ReviewTask;
}

/** The reviewer judges as annotators do, knowing nothing of what they said; once that is kept, the page shows the labels. */
export function JudgeScreen({ userId, project, task }: Props) {
  const client = useTRPCClient();
  const router = useRouter();
  const worded = useWordedApi();
  const [store] = useState(
    () =>
      new AnnotateStore({
        api: worded(reviewApi(task, (content) => client.review.judge.mutate({ taskId: task.taskId, content }))),
        store: new BrowserStore(browserStorage(), userId, `review ${project.id}`),
        readTrouble: readError,
      }),
  );
  useEffect(
    () =>
      store.subscribe(() => {
        const { phase, outbox, current } = store.getState();
        if (phase === 'empty' && current === null && outbox.waiting.length === 0) router.refresh();
      }),
    [store, router],
  );
  return <WorkScreen store={store} project={project} reviewing />;
}

/** One task, kept in this browser until it is judged; nothing of it is leased, skipped or taken back. */
function reviewApi(task: ReviewTask, judge: (content: unknown) => Promise<{ reviewId: string }>): LabelingApi {
  const notHere = () => Promise.reject(new Error('a review is neither skipped nor taken back'));
  let judged = false;
  return {
    claim: async (ahead) => (ahead || judged ? null : toView(task)),
    submit: async ({ content }) => {
      const { reviewId } = await judge(content);
      judged = true;
      return { annotationId: reviewId, surplus: false, next: null };
    },
    correct: notHere,
    own: notHere,
    skip: notHere,
    withdraw: notHere,
    saveDraft: () => Promise.reject(new Error('the judgement of a reviewer is kept in this browser until it is sent')),
    heartbeat: async (ids) => ids.map((assignmentId) => ({ assignmentId, held: true })),
  };
}

function toView({ taskId, kind, prompt, responses, guideline, form }: ReviewTask): TaskView {
  return {
    assignmentId: taskId,
    taskId,
    kind,
    mode: 'work',
    contentFlags: [],
    spec: {},
    prompt,
    responses,
    guideline,
    form,
    messages: 0,
    draft: null,
    progress: { doneToday: 0, left: 1 },
  };
}
