'use client';

import { Field } from '../../../../../../_components/ui/field';
import styles from '../form.module.css';
import { useFault } from './editor-context';

interface TextProps {
  path: string;
  label: string;
  hint?: string;
  value: string;
  onValue: (value: string, path: string) => void;
  mono?: boolean;
}

export function TextInput({ path, label, hint, value, onValue, mono }: TextProps) {
  return (
    <Field label={label} wrong={useFault(path)} {...(hint && { hint })}>
      {(ids) => (
        <input
          {...ids}
          value={value}
          dir="auto"
          className={mono ? 'mono' : undefined}
          onChange={(event) => onValue(event.currentTarget.value, path)}
        />
      )}
    </Field>
  );
}

interface NumberProps {
  path: string;
  label: string;
  value: number;
  min: number;
  max: number;
  onValue: (value: number, path: string) => void;
}

export function NumberInput({ path, label, value, min, max, onValue }: NumberProps) {
  return (
    <Field label={label} wrong={useFault(path)}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          min={min}
          max={max}
          step={1}
          value={Number.isFinite(value) ? value : ''}
          onChange={(event) => onValue(event.currentTarget.valueAsNumber, path)}
        />
      )}
    </Field>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}

export function Check({ label, checked, onChecked }: CheckProps) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={checked} onChange={(event) => onChecked(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
