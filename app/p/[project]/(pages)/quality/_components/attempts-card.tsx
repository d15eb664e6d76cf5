'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { AttemptView } from '#lib/services/quality/list-attempts';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './quality.module.css';

const steps = [1, 2, 3, 4, 5, 6, 7] as const;

/** Written answers of people who take the test, for a reviewer to rate; without names. */
export function AttemptsCard({ attempts }: { attempts: readonly AttemptView[] }) {
  const t = useTranslations('quality');
  return (
    <section className="card">
      <div className="head">
        <h2>{t('test.waiting')}</h2>
        <span className="sm dim">{t('test.written')}</span>
      </div>
      {attempts.map((attempt) => (
        <Attempt key={attempt.attemptId} attempt={attempt} />
      ))}
    </section>
  );
}

function Attempt({ attempt }: { attempt: AttemptView }) {
  const t = useTranslations('quality');
  const router = useRouter();
  const [ratings, setRatings] = useState<Readonly<Record<string, number>>>({});
  const rate = useMutation(useTRPC().quality.rateAttempt.mutationOptions({ onSuccess: () => router.refresh() }));
  const open = attempt.written.filter(({ rating }) => rating === null);
  const ready = open.every(({ taskId }) => ratings[taskId] !== undefined);
  return (
    <div className={styles.stack} style={{ borderTop: '1px solid var(--line)', padding: 'var(--s-2) 0' }}>
      <h3>{attempt.person}</h3>
      <ErrorNote error={rate.error} />
      {open.map(({ taskId, question, text }) => (
        <fieldset key={taskId} className={styles.group}>
          <legend dir="auto" className={styles.question}>
            {question}
          </legend>
          <div className={styles.written} dir="auto">
            {text}
          </div>
          <div className={styles.ratings}>
            {steps.map((step) => (
              <label key={step} className="choice">
                <input
                  type="radio"
                  name={`rating-${taskId}`}
                  checked={ratings[taskId] === step}
                  onChange={() => setRatings((now) => ({ ...now, [taskId]: step }))}
                />
                {step}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      <div>
        <button
          type="button"
          className="btn"
          aria-disabled={!ready}
          aria-busy={rate.isPending}
          onClick={() => ready && !rate.isPending && rate.mutate({ attemptId: attempt.attemptId, ratings })}
        >
          {t('test.rate')}
        </button>
      </div>
    </div>
  );
}
