'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { QualificationTestView } from '#lib/services/quality/get-qualification-test';
import type { GoldView } from '#lib/services/quality/list-gold';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './quality.module.css';

interface Props {
  projectId: string;
  test: QualificationTestView;
  /** Tasks that were taken for the test. */
  tasks: readonly GoldView[];
}

const numbers = ['flags', 'rankings', 'demonstrations', 'maxAttempts', 'retry'] as const;

/** The qualification: its cut-offs, topics and tasks. Saving makes a new version. */
export function TestCard({ projectId, test, tasks }: Props) {
  const t = useTranslations('quality');
  const router = useRouter();
  const save = useMutation(useTRPC().quality.saveTest.mutationOptions({ onSuccess: () => router.refresh() }));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(test.taskIds));
  const { spec } = test;
  const values = {
    flags: Math.round(spec.flagsCutoff * 100),
    rankings: Math.round(spec.rankingsCutoff * 100),
    demonstrations: spec.demonstrationCutoff,
    maxAttempts: spec.maxAttempts,
    retry: spec.retryAfterHours,
  };
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (save.isPending || chosen.size === 0) return;
    const form = new FormData(event.currentTarget);
    const number = (name: (typeof numbers)[number]) => Number(form.get(name));
    const topics = String(form.get('topics'))
      .split('\n')
      .map((label) => label.trim())
      .filter((label) => label !== '')
      .map((label, index) => spec.topics.find((known) => known.label === label) ?? { key: `topic-${Date.now()}-${index}`, label });
    save.mutate({
      projectId,
      spec: {
        flagsCutoff: number('flags') / 100,
        rankingsCutoff: number('rankings') / 100,
        demonstrationCutoff: number('demonstrations'),
        maxAttempts: number('maxAttempts'),
        retryAfterHours: number('retry'),
        topics,
      },
      taskIds: tasks.filter(({ taskId }) => chosen.has(taskId)).map(({ taskId }) => taskId),
    });
  }
  const toggle = (taskId: string) =>
    setChosen((now) => new Set(now.has(taskId) ? [...now].filter((id) => id !== taskId) : [...now, taskId]));
  return (
    <section className="card">
      <div className="head">
        <h2>{t('test.title')}</h2>
        <span className="sm dim">{test.version === null ? t('test.none') : t('test.version', { n: test.version })}</span>
        {test.version !== null && <span className="sm dim">{t('test.attempts', test.attempts)}</span>}
      </div>
      <form className={styles.stack} onSubmit={submit}>
        <p className="sm ink2">{t('test.text')}</p>
        <ErrorNote error={save.error} />
        <div className={styles.fields}>
          {numbers.map((name) => (
            <Field key={name} label={t(`test.${name}`)}>
              {(ids) => (
                <input
                  {...ids}
                  name={name}
                  type="number"
                  required
                  min={name === 'retry' ? 0 : 1}
                  max={limits[name]}
                  step="any"
                  defaultValue={values[name]}
                />
              )}
            </Field>
          ))}
        </div>
        <Field label={t('test.topics')} hint={t('test.topicsHint')}>
          {(ids) => <textarea {...ids} name="topics" dir="auto" defaultValue={spec.topics.map(({ label }) => label).join('\n')} />}
        </Field>
        <fieldset className={styles.group}>
          <legend>{t('test.tasks')}</legend>
          {tasks.length === 0 && <p className="sm ink2">{t('test.noTasks')}</p>}
          {tasks.map(({ taskId, question }) => (
            <label key={taskId} className="choice">
              <input type="checkbox" checked={chosen.has(taskId)} onChange={() => toggle(taskId)} />
              <span className={styles.question}>
                <bdi>{question}</bdi>
              </span>
            </label>
          ))}
        </fieldset>
        <div className="row wrap">
          <button type="submit" className="btn lg" aria-disabled={chosen.size === 0} aria-busy={save.isPending}>
            {t('test.save')}
          </button>
          <span className="sm dim" aria-live="polite">
            {save.isSuccess ? t('test.saved') : ''}
          </span>
        </div>
      </form>
    </section>
  );
}

const limits = { flags: 100, rankings: 100, demonstrations: 7, maxAttempts: 100, retry: 8760 } as const;
