'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { ImportedPrompts } from '#lib/services/data/import-prompts';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { Icon } from '../../../_components/ui/icon';
import { upload } from '../../../_trpc/upload-client';
import { FileDrop } from './file-drop';
import styles from './forms.module.css';
import { ImportFaults } from './import-faults';

interface Props {
  projectId: string;
  primary: boolean;
}

/** Brings prompts from a JSONL file and says line by line what was not taken. */
export function ImportPrompts({ projectId, primary }: Props) {
  const t = useTranslations('data');
  const router = useRouter();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [share, setShare] = useState(0);
  const [missing, setMissing] = useState(false);
  const send = useMutation({
    mutationFn: (chosen: { file: File; name: string }) => {
      const query = new URLSearchParams({ name: chosen.name, file: chosen.file.name });
      return upload<ImportedPrompts>(`/api/projects/${projectId}/prompts?${query}`, chosen.file, setShare);
    },
    onSuccess: () => {
      setFile(null);
      setName('');
      router.refresh();
    },
    onSettled: () => setShare(0),
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    setMissing(!file);
    if (!file || send.isPending) return;
    send.mutate({ file, name: name.trim() || file.name.replace(/\.(jsonl|json|ndjson|txt)$/i, '') });
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <FileDrop
        label={t('import.drop')}
        hint={t('import.hint')}
        accept=".jsonl,.ndjson,.json,.txt"
        files={file ? [file] : []}
        onFiles={([chosen]) => {
          setFile(chosen ?? null);
          setName(chosen?.name.replace(/\.(jsonl|json|ndjson|txt)$/i, '') ?? '');
          setMissing(false);
          send.reset();
        }}
      />
      {missing && (
        <span className="sm" role="alert">
          {t('import.missing')}
        </span>
      )}
      <Field label={t('import.name')}>
        {(ids) => <input {...ids} value={name} maxLength={200} dir="auto" onChange={(event) => setName(event.currentTarget.value)} />}
      </Field>
      <ErrorNote error={send.error} />
      <div className="row wrap">
        <button type="submit" className={primary ? 'btn primary lg' : 'btn lg'} aria-busy={send.isPending}>
          {send.isPending ? t('import.busy', { share: Math.round(share * 100) }) : t('import.do')}
        </button>
        <span className="sm dim">{t.rich('import.format', { code: (text) => <code className="mono anywhere">{text}</code> })}</span>
      </div>
      {send.data && <Result result={send.data} />}
    </form>
  );
}

function Result({ result }: { result: ImportedPrompts }) {
  const t = useTranslations('data');
  const format = useFormatter();
  return (
    <section className="stack" aria-live="polite">
      <div className="row">
        <Icon name="check" className="ok" />
        <h3>{t('result.title', { n: result.taken })}</h3>
      </div>
      <dl className={styles.counts}>
        {(
          [
            ['taken', result.taken],
            ['duplicates', result.duplicates],
            ['rejected', result.rejected],
          ] as const
        ).map(([key, value]) => (
          <div key={key}>
            <dt>{t(`result.${key}`)}</dt>
            <dd>{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      <p className="sm ink2">
        {t('result.splits', { train: result.splits.TRAIN, validation: result.splits.VALIDATION, test: result.splits.TEST })}
      </p>
      <ImportFaults groups={result.errors} />
    </section>
  );
}
