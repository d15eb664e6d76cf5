'use client';

import { useTranslations } from 'use-intl/react';
import type { PartOf } from '#lib/domain/form-parts';
import type { FormPart } from '#lib/domain/forms';
import { Field } from '../../../../../../_components/ui/field';
import styles from '../form.module.css';
import { ChoiceList } from './choice-list';
import { useFault } from './editor-context';
import { Check, NumberInput, TextInput } from './inputs';

interface Props {
  part: FormPart;
  /** Path of the part in the form. */
  path: string;
  onPart: (part: FormPart, field?: string) => void;
}

/** What can be set of a part. */
export function PartFields({ part, path, onPart }: Props) {
  const t = useTranslations('form');
  const set = (changed: object, field?: string) => onPart({ ...part, ...changed } as FormPart, field);
  const checks = checksOf(part);
  return (
    <div className={styles.fields}>
      {checks.map((name) => (
        <Check
          key={name}
          label={t(`check.${name}`)}
          checked={(part as unknown as Record<string, unknown>)[name] === true}
          onChecked={(checked) => set({ [name]: checked })}
        />
      ))}
      {(part.type === 'rating' || part.type === 'flags') && <OfField part={part} path={path} onOf={(of) => set({ of })} />}
      {part.type === 'rating' && <Attributes part={part} path={path} set={set} />}
      {part.type === 'flags' && (
        <ChoiceList
          title={t('part.flags')}
          addLabel={t('add.flag')}
          path={`${path}.flags`}
          items={part.flags}
          most={40}
          create={(key) => ({ key, label: '', help: '' })}
          onItems={(flags, field) => set({ flags }, field)}
        />
      )}
      {part.type === 'span' && <SpanFields part={part} path={path} set={set} />}
      <Limits part={part} path={path} set={set} />
      {part.type === 'note' && (
        <TextInput path={`${path}.label`} label={t('choice.label')} value={part.label} onValue={(label, field) => set({ label }, field)} />
      )}
    </div>
  );
}

const checkNames = ['ties', 'aside', 'strength', 'tie', 'bothBad', 'suggestions', 'notes', 'required'] as const;

function checksOf(part: FormPart) {
  return checkNames.filter((name) => name in part);
}

type Set = (changed: object, field?: string) => void;

function OfField({ part, path, onOf }: { part: PartOf<'rating'> | PartOf<'flags'>; path: string; onOf: (of: string) => void }) {
  const t = useTranslations('form');
  return (
    <Field label={t('of.label')} wrong={useFault(`${path}.of`)}>
      {(ids) => (
        <select {...ids} value={part.of} onChange={(event) => onOf(event.currentTarget.value)}>
          <option value="responses">{t('of.responses')}</option>
          <option value="task">{t('of.task')}</option>
        </select>
      )}
    </Field>
  );
}

function Attributes({ part, path, set }: { part: PartOf<'rating'>; path: string; set: Set }) {
  const t = useTranslations('form');
  return (
    <ChoiceList
      title={t('part.attributes')}
      addLabel={t('add.attribute')}
      path={`${path}.attributes`}
      items={part.attributes}
      most={12}
      create={(key) => ({ key, label: '', help: '', min: 1, max: 5, lowLabel: '', highLabel: '', required: true })}
      onItems={(attributes, field) => set({ attributes }, field)}
      more={(item, change, at) => (
        <>
          <div className={styles.pair}>
            <NumberInput
              path={`${at}.min`}
              label={t('scale.min')}
              value={item.min}
              min={-10}
              max={10}
              onValue={(min, field) => change({ min }, field)}
            />
            <NumberInput
              path={`${at}.max`}
              label={t('scale.max')}
              value={item.max}
              min={-9}
              max={20}
              onValue={(max, field) => change({ max }, field)}
            />
            <TextInput
              path={`${at}.lowLabel`}
              label={t('scale.low')}
              value={item.lowLabel}
              onValue={(lowLabel, field) => change({ lowLabel }, field)}
            />
            <TextInput
              path={`${at}.highLabel`}
              label={t('scale.high')}
              value={item.highLabel}
              onValue={(highLabel, field) => change({ highLabel }, field)}
            />
          </div>
          <Check label={t('check.required')} checked={item.required} onChecked={(required) => change({ required })} />
        </>
      )}
    />
  );
}

function SpanFields({ part, path, set }: { part: PartOf<'span'>; path: string; set: Set }) {
  const t = useTranslations('form');
  return (
    <>
      <ChoiceList
        title={t('part.categories')}
        addLabel={t('add.category')}
        path={`${path}.categories`}
        items={part.categories}
        most={40}
        create={(key) => ({ key, label: '', help: '' })}
        onItems={(categories, field) => set({ categories }, field)}
      />
      <ChoiceList
        title={t('part.severities')}
        addLabel={t('add.severity')}
        path={`${path}.severities`}
        items={part.severities}
        most={7}
        create={(key) => ({ key, label: '' })}
        onItems={(severities, field) => set({ severities }, field)}
      />
    </>
  );
}

const limits = { minCharacters: [0, 1_000_000], maxCharacters: [1, 1_000_000], maxTurns: [1, 50] } as const;

function Limits({ part, path, set }: { part: FormPart; path: string; set: Set }) {
  const t = useTranslations('form');
  const values = part as unknown as Record<string, number>;
  const names = (['minCharacters', 'maxCharacters', 'maxTurns'] as const).filter((name) => name in part);
  if (names.length === 0) return null;
  return (
    <div className={styles.pair}>
      {names.map((name) => (
        <NumberInput
          key={name}
          path={`${path}.${name}`}
          label={t(`limit.${name}`)}
          value={values[name] ?? Number.NaN}
          min={limits[name][0]}
          max={limits[name][1]}
          onValue={(value, field) => set({ [name]: value }, field)}
        />
      ))}
    </div>
  );
}
