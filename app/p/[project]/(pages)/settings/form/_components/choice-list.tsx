'use client';

import { useTranslations } from 'use-intl/react';
import { freeKey } from '../_state/editor';
import styles from '../form.module.css';
import { TextInput } from './inputs';
import { Ordered } from './ordered';

interface Choice {
  key: string;
  label: string;
  help?: string;
}

interface Props<T extends Choice> {
  title: string;
  addLabel: string;
  /** Path of the list in the form. */
  path: string;
  items: readonly T[];
  create: (key: string) => T;
  most: number;
  onItems: (items: T[], field?: string) => void;
  /** Fields beyond key, label and help. */
  more?: (item: T, change: (changed: Partial<T>, field?: string) => void, path: string) => React.ReactNode;
}

/** Flags, categories, severities, attributes: what the annotator reads, why, and the key it is stored under. */
export function ChoiceList<T extends Choice>({ title, addLabel, path, items, create, most, onItems, more }: Props<T>) {
  const t = useTranslations('form');
  const keys = items.map(({ key }) => key);
  const change = (index: number) => (changed: Partial<T>, field?: string) =>
    onItems(
      items.map((item, other) => (other === index ? { ...item, ...changed } : item)),
      field,
    );
  return (
    <fieldset className={styles.choices}>
      <legend>{title}</legend>
      <Ordered
        items={items}
        nameOf={({ label, key }) => label || key}
        keyOf={(_, index) => String(index)}
        least={1}
        onItems={(ordered) => onItems([...ordered])}
      >
        {(item, index) => {
          const at = `${path}.${index}`;
          const set = change(index);
          return (
            <>
              <TextInput
                path={`${at}.label`}
                label={t('choice.label')}
                value={item.label}
                onValue={(label, field) => set({ label } as Partial<T>, field)}
              />
              {item.help !== undefined && (
                <TextInput
                  path={`${at}.help`}
                  label={t('choice.help')}
                  value={item.help}
                  onValue={(help, field) => set({ help } as Partial<T>, field)}
                />
              )}
              {more?.(item, set, at)}
              <details className={styles.key}>
                <summary>{t('choice.storedAs', { key: item.key })}</summary>
                <TextInput
                  path={`${at}.key`}
                  label={t('choice.key')}
                  hint={t('choice.keyHint')}
                  value={item.key}
                  mono
                  onValue={(key, field) => set({ key } as Partial<T>, field)}
                />
              </details>
            </>
          );
        }}
      </Ordered>
      {items.length < most && (
        <button type="button" className="btn" onClick={() => onItems([...items, create(freeKey('', keys))])}>
          {addLabel}
        </button>
      )}
    </fieldset>
  );
}
