'use client';

import { useTranslations } from 'use-intl/react';
import { skipReasons } from '#lib/domain/assignment';
import type { LabelingPolicy } from '#lib/domain/labeling-policy';
import { Field } from '../../../../../../_components/ui/field';
import { Icon } from '../../../../../../_components/ui/icon';
import { type Draft, draftOf, type Fault, type FieldName, fields, sameDraft } from '../_state/fields';
import styles from '../labeling.module.css';
import { useFieldWords } from './use-field-words';

interface Props {
  name: FieldName;
  draft: Draft;
  saved: LabelingPolicy;
  usual: LabelingPolicy;
  /** What stood there before somebody else saved; null: nobody did. */
  before: Draft | null;
  fault: Fault | null;
  onDraft: (draft: Draft) => void;
}

interface ControlProps {
  name: FieldName;
  draft: Draft;
  wrong: string | null;
  onDraft: (draft: Draft) => void;
}

/** One setting: what it is, what it does, what is usual, whether it is saved, and what somebody else made of it. */
export function PolicyField({ name, draft, saved, usual, before, fault, onDraft }: Props) {
  const t = useTranslations('labeling');
  const { valueWords } = useFieldWords();
  const kept = draftOf(saved, name);
  const unsaved = !sameDraft(draft, kept);
  const wrong = fault ? t(`wrong.${fault.key}`, { min: fault.min, max: fault.max }) : null;
  return (
    <div className={styles.field} data-unsaved={unsaved || undefined}>
      <FieldControl name={name} draft={draft} wrong={wrong} onDraft={onDraft} />
      <p className={`sm dim ${styles.marks}`}>
        {unsaved && <b className={styles.unsaved}>{t('mark.unsaved', { saved: valueWords(name, kept) })}</b>}
        <span>{t('mark.usually', { usual: valueWords(name, draftOf(usual, name)) })}</span>
        {!unsaved && !sameDraft(kept, draftOf(usual, name)) && <b className="ink2">{t('mark.own')}</b>}
      </p>
      {before !== null && (
        <div className={`note sm row wrap ${styles.other}`} role="status">
          <Icon name="warn" />
          <span className="grow">{t('mark.other', { before: valueWords(name, before), now: valueWords(name, kept) })}</span>
          {unsaved && (
            <button type="button" className="btn" onClick={() => onDraft(kept)}>
              {t('mark.take')}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function FieldControl({ name, draft, wrong, onDraft }: ControlProps) {
  const { label, hint, option } = useFieldWords();
  const field = fields[name];
  if (field.control === 'reasons') return <Reasons name={name} draft={draft} wrong={wrong} onDraft={onDraft} />;
  if (field.control === 'switch') {
    return (
      <div className="field">
        <label className="choice">
          <input
            type="checkbox"
            aria-describedby={`${name}-hint`}
            checked={draft === true}
            onChange={(event) => onDraft(event.currentTarget.checked)}
          />
          <span className={styles.name}>{label(name)}</span>
        </label>
        <span className="hint" id={`${name}-hint`}>
          {hint(name)}
        </span>
      </div>
    );
  }
  return (
    <Field label={label(name)} hint={hint(name)} wrong={wrong}>
      {(ids) => {
        if (field.control === 'choice') {
          return (
            <select {...ids} value={String(draft)} onChange={(event) => onDraft(event.currentTarget.value)}>
              {field.options.map((one) => (
                <option key={one} value={one}>
                  {option(name, one)}
                </option>
              ))}
            </select>
          );
        }
        const currency = field.control === 'currency';
        return (
          <input
            {...ids}
            {...(currency
              ? { maxLength: 3, autoCapitalize: 'characters' }
              : { type: 'number', step: 'any', inputMode: 'decimal' as const })}
            dir="ltr"
            value={String(draft)}
            onChange={({ currentTarget: { value } }) => onDraft(currency ? value.toUpperCase() : value)}
          />
        );
      }}
    </Field>
  );
}

/** What an annotator may say who skips a task. */
function Reasons({ name, draft, wrong, onDraft }: ControlProps) {
  const skip = useTranslations('annotate.skip');
  const { label, hint } = useFieldWords();
  const chosen = Array.isArray(draft) ? draft : [];
  return (
    <fieldset className={`field ${styles.reasons}`}>
      <legend>{label(name)}</legend>
      {skipReasons.map((reason, index) => (
        <label key={reason} className="choice">
          <input
            type="checkbox"
            checked={chosen.includes(reason)}
            aria-invalid={(wrong !== null && index === 0) || undefined}
            onChange={(event) => onDraft(event.currentTarget.checked ? [...chosen, reason] : chosen.filter((one) => one !== reason))}
          />
          <span>{skip(reason)}</span>
        </label>
      ))}
      <p className="hint">{hint(name)}</p>
      {wrong && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
    </fieldset>
  );
}
