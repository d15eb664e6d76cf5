'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { type TaskKind, taskKinds } from '#lib/domain/forms';
import type { ImportedTasks } from '#lib/services/tasks/import-tasks';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { Icon } from '../../../_components/ui/icon';
import { upload } from '../../../_trpc/upload-client';
import { FileDrop } from './file-drop';
import styles from './forms.module.css';
import { ImportFaults } from './import-faults';

const ending = /\.(jsonl|json|ndjson|txt)$/i;

/** Brings tasks of every kind from a JSONL file and says line by line what was not taken. */
export function ImportTasks({ projectId }: { projectId: string }) {
  const t = useTranslations('data');
  const router = useRouter();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<TaskKind>('RANKING');
  const [share, setShare] = useState(0);
  const [missing, setMissing] = useState(false);
  const send = useMutation({
    mutationFn: (chosen: { file: File; name: string; kind: TaskKind }) => {
      const query = new URLSearchParams({ name: chosen.name, kind: chosen.kind, file: chosen.file.name });
      return upload<ImportedTasks>(`/api/projects/${projectId}/tasks?${query}`, chosen.file, setShare);
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
    send.mutate({ file, name: name.trim() || file.name.replace(ending, ''), kind });
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
          setName(chosen?.name.replace(ending, '') ?? '');
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
      <Field label={t('tasks.import.kind')}>
        {(ids) => (
          <select {...ids} value={kind} onChange={(event) => setKind(taskKinds.find((one) => one === event.currentTarget.value) ?? kind)}>
            {taskKinds.map((one) => (
              <option key={one} value={one}>
                {t(`tasks.kind.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <ErrorNote error={send.error} />
      <div className="row wrap">
        <button type="submit" className="btn lg" aria-busy={send.isPending}>
          {send.isPending ? t('import.busy', { share: Math.round(share * 100) }) : t('tasks.import.do')}
        </button>
        <span className="sm dim">{t.rich('tasks.import.format', { code: (text) => <code className="mono anywhere">{text}</code> })}</span>
      </div>
      {send.data && <Result result={send.data} />}
    </form>
  );
}

function Result({ result }: { result: ImportedTasks }) {
  const t = useTranslations('data');
  const format = useFormatter();
  return (
    <section className="stack" aria-live="polite">
      <div className="row">
        <Icon name="check" className="ok" />
        <h3>{t('tasks.result.title', { n: result.tasks })}</h3>
      </div>
      <dl className={styles.counts}>
        {(
          [
            ['wanted', result.slots],
            ['checks', result.checks],
            ['known', result.known],
            ['rejected', result.rejected],
          ] as const
        ).map(([key, value]) => (
          <div key={key}>
            <dt>{t(`tasks.result.${key}`)}</dt>
            <dd>{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      <ImportFaults groups={result.faults} />
    </section>
  );
}
