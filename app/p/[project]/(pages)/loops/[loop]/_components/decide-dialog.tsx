'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Field } from '../../../../../../_components/ui/field';
import { useTRPC } from '../../../../../../_trpc/client';
import styles from './loop.module.css';

interface Props {
  roundId: string;
  ordinal: number;
  onClose: () => void;
  onDone: () => void;
}

interface Option<V extends string> {
  value: V;
  title: string;
  text: string;
  danger?: boolean;
}

/** At the reward gate; `passed`: the rule would let it pass (it waits because no rule is set). */
export function GateDialog({ roundId, ordinal, passed, onClose, onDone }: Props & { passed: boolean }) {
  const t = useTranslations('loops');
  const decide = useMutation(useTRPC().loops.decideGate.mutationOptions({ onSuccess: onDone }));
  const option = (value: 'override' | 'more-labels' | 'stop'): Option<typeof value> => ({
    value,
    title: value === 'override' && passed ? t('gate.option.overridePassed') : t(`gate.option.${value}`),
    text: value === 'override' && passed ? t('gate.optionText.overridePassed') : t(`gate.optionText.${value}`),
    danger: value === 'stop',
  });
  const options = passed
    ? [option('override'), option('more-labels'), option('stop')]
    : [option('more-labels'), option('override'), option('stop')];
  return (
    <Dialog title={t('gate.title', { n: ordinal })} onClose={onClose}>
      <DecideForm
        options={options}
        recommended={options[0]?.value ?? 'more-labels'}
        error={decide.error}
        busy={decide.isPending}
        onClose={onClose}
        onDecide={(decision, reason) => decide.mutate({ roundId, decision, reason })}
      />
    </Dialog>
  );
}

/** Over the trained policy. Nothing is recommended unless people clearly preferred one. */
export function DecisionDialog({ roundId, ordinal, better, onClose, onDone }: Props & { better: boolean | null }) {
  const t = useTranslations('loops');
  const [stop, setStop] = useState(false);
  const decide = useMutation(useTRPC().loops.decideRound.mutationOptions({ onSuccess: onDone }));
  const options = (['promote', 'reject'] as const).map((value) => ({
    value,
    title: t(`decision.option.${value}`),
    text: t(`decision.optionText.${value}`),
  }));
  return (
    <Dialog title={t('decision.title', { n: ordinal })} onClose={onClose}>
      <DecideForm
        options={options}
        recommended={better === null ? null : better ? 'promote' : 'reject'}
        error={decide.error}
        busy={decide.isPending}
        onClose={onClose}
        onDecide={(decision, reason) => decide.mutate({ roundId, decision, reason, stop })}
      >
        <label className="choice">
          <input type="checkbox" checked={stop} onChange={(event) => setStop(event.currentTarget.checked)} />
          {t('decision.stop')}
        </label>
      </DecideForm>
    </Dialog>
  );
}

interface FormProps<V extends string> {
  options: readonly Option<V>[];
  recommended: V | null;
  error: unknown;
  busy: boolean;
  onClose: () => void;
  onDecide: (value: V, reason: string) => void;
  children?: React.ReactNode;
}

/** The button's words follow the choice; it acts once a reason stands there. */
function DecideForm<V extends string>({ options, recommended, error, busy, onClose, onDecide, children }: FormProps<V>) {
  const t = useTranslations('loops');
  const common = useTranslations('common');
  const [value, setValue] = useState<V | null>(recommended);
  const [reason, setReason] = useState('');
  const [asked, setAsked] = useState(false);
  const chosen = options.find((option) => option.value === value);
  const ready = chosen !== undefined && reason.trim() !== '';
  function submit(event: FormEvent) {
    event.preventDefault();
    setAsked(true);
    if (ready && !busy) onDecide(chosen.value, reason.trim());
  }
  return (
    <form onSubmit={submit}>
      <fieldset className={styles.options}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input type="radio" name="decision" checked={value === option.value} onChange={() => setValue(option.value)} />
            <span>
              <b>{option.title}</b>
              {option.value === recommended && <span className="dim"> {t('gate.recommended')}</span>}
              <span className="sm ink2" style={{ display: 'block' }}>
                {option.text}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      <Field label={t('reason.label')} hint={t('reason.hint')} wrong={asked && reason.trim() === '' ? t('reason.missing') : null}>
        {(ids) => (
          <textarea {...ids} value={reason} dir="auto" maxLength={4000} onChange={(event) => setReason(event.currentTarget.value)} />
        )}
      </Field>
      {children && <div style={{ marginTop: 'var(--s-2)' }}>{children}</div>}
      <ErrorNote error={error} />
      <div className="actions">
        <button type="button" className="btn lg" onClick={onClose}>
          {common('cancel')}
        </button>
        <button type="submit" className={chosen?.danger ? 'btn danger lg' : 'btn primary lg'} aria-disabled={!ready} aria-busy={busy}>
          {busy ? t('reason.busy') : (chosen?.title ?? t('wait.decision.do'))}
        </button>
      </div>
    </form>
  );
}
