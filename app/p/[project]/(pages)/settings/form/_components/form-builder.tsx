'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useDeferredValue, useEffect, useReducer, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { defaultPart } from '#lib/domain/default-parts';
import type { PartType } from '#lib/domain/form-parts';
import { type FormPart, type FormSpec, kindRules, type TaskKind, taskKinds } from '#lib/domain/forms';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Field } from '../../../../../../_components/ui/field';
import { useTRPC } from '../../../../../../_trpc/client';
import { edit, faultsOf, openEditor, sameForm } from '../_state/editor';
import styles from '../form.module.css';
import { FaultsProvider } from './editor-context';
import { FormPreview } from './form-preview';
import { Ordered } from './ordered';
import { PartFields } from './part-fields';
import { useLeaveGuard } from './use-leave-guard';

interface Props {
  project: { id: string; slug: string; name: string };
  /** What is saved, or the usual form where nothing is; by kind. */
  saved: Readonly<Record<TaskKind, { readonly version: number; readonly spec: FormSpec }>>;
  kind: TaskKind;
  mayWrite: boolean;
}

/** Composes the form of a kind of task beside a preview; saving makes a new version, tasks that exist keep theirs. */
export function FormBuilder({ project, saved, kind: first, mayWrite }: Props) {
  const t = useTranslations('form');
  const common = useTranslations('common');
  const router = useRouter();
  const [state, dispatch] = useReducer(edit, null, () => openEditor(first, specsOf(saved)));
  const [tried, setTried] = useState(false);
  const save = useMutation(useTRPC().forms.save.mutationOptions({ onSuccess: () => router.refresh() }));
  const { kind } = state;
  const { spec, past, future } = state.forms[kind];
  const changed = !sameForm(spec, saved[kind].spec);
  const unsaved = taskKinds.some((one) => !sameForm(state.forms[one].spec, saved[one].spec));
  const faults = faultsOf(spec);
  const shown = useDeferredValue(faults.size === 0 ? spec : null);
  const [lastGood, setLastGood] = useState(spec);
  useEffect(() => {
    if (shown !== null) setLastGood(shown);
  }, [shown]);
  useLeaveGuard(unsaved, t('leave'));
  useUndoKeys(dispatch);

  const change = (parts: readonly FormPart[], field?: string) =>
    dispatch({ type: 'change', parts, ...(field && { field: `${kind}.${field}` }) });
  const rules = kindRules[kind];
  const addable = rules.extras.filter((type) => !spec.parts.some((part) => part.type === type));

  function submit() {
    setTried(true);
    if (save.isPending || !changed) return;
    if (faults.size > 0) requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    else save.mutate({ projectId: project.id, spec, basedOn: saved[kind].version });
  }

  return (
    <div className={styles.builder}>
      <section className="card" aria-labelledby="form-parts">
        <h2 id="form-parts">{t('editor.title')}</h2>
        <Field label={t('editor.kind')} hint={t(`kindHelp.${kind}`)}>
          {(ids) => (
            <select
              {...ids}
              value={kind}
              onChange={(event) => {
                const chosen = taskKinds.find((one) => one === event.currentTarget.value);
                if (chosen) dispatch({ type: 'kind', kind: chosen });
                setTried(false);
                save.reset();
              }}
            >
              {taskKinds.map((one) => (
                <option key={one} value={one}>
                  {t(`kind.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <FaultsProvider value={tried ? faults : new Map()}>
          <fieldset className={styles.parts} disabled={!mayWrite}>
            <legend className="hidden-text">{t('editor.parts')}</legend>
            <Ordered
              items={spec.parts}
              nameOf={(part) => t(`part.${part.type}`)}
              keyOf={(part) => part.type}
              fixed={1}
              onItems={(parts) => change(parts)}
            >
              {(part, index) => (
                <>
                  <h3>{t(`part.${part.type}`)}</h3>
                  <PartFields
                    part={part}
                    path={`parts.${index}`}
                    onPart={(next, field) =>
                      change(
                        spec.parts.map((one, other) => (other === index ? next : one)),
                        field,
                      )
                    }
                  />
                </>
              )}
            </Ordered>
            <div className="row wrap">
              {addable.map((type) => (
                <button key={type} type="button" className="btn" onClick={() => change([...spec.parts, newPart(type, rules.responses)])}>
                  {t('add.part', { part: t(`part.${type}`) })}
                </button>
              ))}
            </div>
          </fieldset>
        </FaultsProvider>
        <ErrorNote error={save.error} />
        {mayWrite && (
          <div className={`row wrap ${styles.actions}`}>
            <button type="button" className="btn primary lg" aria-disabled={!changed} aria-busy={save.isPending} onClick={submit}>
              {save.isPending ? common('saving') : t('editor.save', { version: saved[kind].version + 1 })}
            </button>
            <button type="button" className="btn lg" disabled={past.length === 0} onClick={() => dispatch({ type: 'undo' })}>
              {t('editor.undo')}
            </button>
            <button type="button" className="btn lg" disabled={future.length === 0} onClick={() => dispatch({ type: 'redo' })}>
              {t('editor.redo')}
            </button>
            <span className="sm dim" aria-live="polite">
              {tried && faults.size > 0 ? t('editor.faults', { n: faults.size }) : changed ? t('editor.unsaved') : t('editor.same')}
            </span>
          </div>
        )}
      </section>
      <section className={`card ${styles.preview}`} aria-labelledby="form-preview">
        <h2 id="form-preview">{t('preview.title')}</h2>
        <p className="sm dim">{t('preview.hint')}</p>
        <FormPreview spec={lastGood.kind === kind ? lastGood : saved[kind].spec} project={project} />
      </section>
    </div>
  );
}

function specsOf(saved: Props['saved']): Record<TaskKind, FormSpec> {
  return Object.fromEntries(taskKinds.map((kind) => [kind, saved[kind].spec])) as Record<TaskKind, FormSpec>;
}

/** Nothing can be asked of each answer where there is none yet. */
function newPart(type: PartType, responses: boolean): FormPart {
  const part = defaultPart(type);
  return 'of' in part && !responses ? { ...part, of: 'task' } : part;
}

/** Ctrl+Z outside of text fields, which have an undo of their own. */
function useUndoKeys(dispatch: (action: { type: 'undo' } | { type: 'redo' }) => void): void {
  useEffect(() => {
    function hear(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 'z') return;
      if (event.target instanceof Element && event.target.closest('input:not([type="checkbox"]), textarea')) return;
      event.preventDefault();
      dispatch({ type: event.shiftKey ? 'redo' : 'undo' });
    }
    window.addEventListener('keydown', hear);
    return () => window.removeEventListener('keydown', hear);
  }, [dispatch]);
}
