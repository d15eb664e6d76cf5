'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useEffect, useReducer, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { LabelingPolicy } from '#lib/domain/labeling-policy';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../../_trpc/client';
import { readError } from '../../../../../../_trpc/read-error';
import { useLeaveGuard } from '../../form/_components/use-leave-guard';
import { changedNames, draftIn, edit, faultsIn, openEditing, requestOf } from '../_state/editing';
import { groups } from '../_state/fields';
import styles from '../labeling.module.css';
import { PolicyField } from './policy-field';

interface Props {
  projectId: string;
  policy: LabelingPolicy;
  /** The policy of a project that never changed it. */
  usual: LabelingPolicy;
  /** What stands above the card of checks: it is changed elsewhere. */
  checks: ReactNode;
}

/** The policy as cards of fields, with one way to save: only what changed is sent, and nothing over what somebody else saved unseen. */
export function PolicyForm({ projectId, policy, usual, checks }: Props) {
  const t = useTranslations('labeling');
  const common = useTranslations('common');
  const router = useRouter();
  const queries = useQueryClient();
  const { labeling } = useTRPC();
  const [state, dispatch] = useReducer(edit, policy, openEditing);
  const [tried, setTried] = useState(false);
  // Looked up again when the person comes back to the window: what others saved meanwhile is told at its field.
  const wanted = labeling.policy.queryOptions({ projectId }, { initialData: policy });
  const { data: newest, refetch } = useQuery(wanted);
  useEffect(() => dispatch({ type: 'seen', policy: newest }), [newest]);
  const save = useMutation(
    labeling.savePolicy.mutationOptions({
      onMutate: () => queries.cancelQueries({ queryKey: wanted.queryKey }),
      onSuccess: (saved) => {
        dispatch({ type: 'saved', policy: saved });
        queries.setQueryData(wanted.queryKey, saved);
        setTried(false);
        router.refresh();
      },
      onError: (error) => readError(error).code === 'CONFLICT' && void refetch(),
    }),
  );
  const changed = changedNames(state);
  const faults = faultsIn(state);
  // What they changed stands at each field.
  const conflict = save.isError && readError(save.error).code === 'CONFLICT';
  useLeaveGuard(changed.length > 0, t('leave'));

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (save.isPending || changed.length === 0) return;
    if (faults.size > 0) requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    else save.mutate({ projectId, ...requestOf(state) });
  }

  const told =
    tried && faults.size > 0 ? t('bar.faults', { n: faults.size }) : changed.length > 0 ? t('bar.changed', { n: changed.length }) : '';
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {groups.map((group) => (
        <section key={group.name} className="card" aria-labelledby={`group-${group.name}`}>
          <h2 id={`group-${group.name}`}>{t(`group.${group.name}.title`)}</h2>
          {group.name === 'checks' ? checks : <p className="ink2">{t(`group.${group.name}.text`)}</p>}
          <div className={styles.fields}>
            {group.fields.map((name) => (
              <PolicyField
                key={name}
                name={name}
                draft={draftIn(state, name)}
                saved={state.saved}
                usual={usual}
                before={state.others[name] ?? null}
                fault={(tried && faults.get(name)) || null}
                onDraft={(draft) => dispatch({ type: 'change', name, draft })}
              />
            ))}
          </div>
        </section>
      ))}
      <div className={styles.bar}>
        {conflict ? (
          <p className="note bad sm" role="alert">
            {t('bar.conflict')}
          </p>
        ) : (
          <ErrorNote error={save.error} />
        )}
        <div className="row wrap">
          <button type="submit" className="btn primary lg" aria-disabled={changed.length === 0} aria-busy={save.isPending}>
            {save.isPending ? common('saving') : common('save')}
          </button>
          <button
            type="button"
            className="btn lg"
            disabled={changed.length === 0}
            onClick={() => {
              dispatch({ type: 'discard' });
              save.reset();
              setTried(false);
            }}
          >
            {t('bar.discard')}
          </button>
          <span className="sm ink2" aria-live="polite">
            {told !== '' ? told : t(save.isSuccess ? 'bar.saved' : 'bar.same')}
          </span>
        </div>
      </div>
    </form>
  );
}
