'use client';

import { Field } from '../../../_components/ui/field';

interface Props {
  label: string;
  hint: string;
  min: number;
  max: number;
  step?: number;
  /** Read from the form by this name; or followed through `value` and `onValue`. */
  name?: string;
  defaultValue?: number;
  value?: number;
  onValue?: (value: number) => void;
  /** May be left empty. */
  optional?: boolean;
}

export function NumberField({ label, hint, onValue, value, optional, ...input }: Props) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          {...input}
          type="number"
          inputMode="decimal"
          required={!optional}
          dir="ltr"
          {...(onValue && {
            value: Number.isFinite(value) ? value : '',
            onChange: (event) => onValue(event.currentTarget.valueAsNumber),
          })}
        />
      )}
    </Field>
  );
}
