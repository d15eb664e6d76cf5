'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { Icon } from '../../../_components/ui/icon';
import { useTRPC } from '../../../_trpc/client';
import { upload } from '../../../_trpc/upload-client';
import { FileDrop } from './file-drop';
import styles from './forms.module.css';

const wanted = ['config.json', 'model.safetensors', 'tokenizer.json'] as const;
type Wanted = (typeof wanted)[number];

interface Props {
  projectId: string;
  primary: boolean;
}

/** Brings a model folder: the files go to the blob store one by one, then a worker reads and checks them. */
export function ImportModel({ projectId, primary }: Props) {
  const t = useTranslations('models');
  const router = useRouter();
  const trpc = useTRPC();
  const [files, setFiles] = useState<Partial<Record<Wanted, File>>>({});
  const [name, setName] = useState('');
  const [missing, setMissing] = useState(false);
  const [sending, setSending] = useState<{ file: string; share: number } | null>(null);
  const request = useMutation(trpc.models.requestImport.mutationOptions());
  const send = useMutation({
    mutationFn: async () => {
      const hashes: Partial<Record<Wanted, string>> = {};
      for (const file of wanted) {
        const chosen = files[file];
        if (!chosen) continue;
        setSending({ file, share: 0 });
        const query = new URLSearchParams({ file });
        const stored = await upload<{ sha256: string }>(`/api/projects/${projectId}/files?${query}`, chosen, (share) =>
          setSending({ file, share }),
        );
        hashes[file] = stored.sha256;
      }
      setSending(null);
      const { 'config.json': config, 'model.safetensors': weights, 'tokenizer.json': tokenizer } = hashes;
      if (!config || !weights || !tokenizer) throw new Error('files');
      return request.mutateAsync({
        projectId,
        name: name.trim(),
        files: { 'config.json': config, 'model.safetensors': weights, 'tokenizer.json': tokenizer },
      });
    },
    onSettled: () => setSending(null),
  });
  const importId = send.data?.importId ?? '';
  const state = useQuery(
    trpc.models.import.queryOptions(
      { importId },
      { enabled: importId !== '', refetchInterval: (query) => (query.state.data?.state === 'WAITING' || !query.state.data ? 1000 : false) },
    ),
  );
  const done = state.data?.state === 'DONE';
  useEffect(() => {
    if (done) router.refresh();
  }, [done, router]);

  function choose(chosen: File[]) {
    const next = { ...files };
    for (const file of chosen) {
      const known = wanted.find((one) => file.name.toLowerCase() === one);
      if (known) next[known] = file;
      else if (file.name.endsWith('.safetensors')) next['model.safetensors'] = file;
    }
    setFiles(next);
    setMissing(false);
    send.reset();
  }

  const lacking = wanted.filter((file) => !files[file]);
  const checking = importId !== '' && (!state.data || state.data.state === 'WAITING');
  function submit(event: FormEvent) {
    event.preventDefault();
    setMissing(lacking.length > 0);
    if (lacking.length > 0 || send.isPending || checking) return;
    send.mutate();
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <FileDrop
        label={t('import.drop')}
        hint={t('import.hint')}
        multiple
        accept=".json,.safetensors"
        files={wanted.flatMap((file) => files[file] ?? [])}
        onFiles={choose}
      />
      {missing && (
        <span className="sm" role="alert">
          {t('import.missing', { files: lacking.join(', ') })}
        </span>
      )}
      <Field label={t('import.name')} hint={t('import.nameHint')}>
        {(ids) => (
          <input {...ids} value={name} required maxLength={120} dir="auto" onChange={(event) => setName(event.currentTarget.value)} />
        )}
      </Field>
      <ErrorNote error={send.error} />
      {state.data?.state === 'FAILED' && (
        <div className="note bad row" role="alert">
          <Icon name="warn" />
          <div className="grow">
            <div className="b">{t('import.failed')}</div>
            <div className="sm anywhere">{state.data.reason}</div>
          </div>
        </div>
      )}
      {done && (
        <div className="note ok row" role="status">
          <Icon name="check" />
          <span>{t('import.done')}</span>
        </div>
      )}
      <div className="row wrap">
        <button type="submit" className={primary ? 'btn primary lg' : 'btn lg'} aria-busy={send.isPending || checking}>
          {send.isPending ? t('import.sending') : checking ? t('import.checking') : t('import.do')}
        </button>
        <span className="sm dim" role="status">
          {sending
            ? t('import.share', { file: sending.file, share: Math.round(sending.share * 100) })
            : checking
              ? t('import.checkingText')
              : ''}
        </span>
      </div>
      <p className="sm dim">
        {t('import.llama2c')}{' '}
        <code className="mono anywhere">{'plumbline models convert --from llama2c --weights F --tokenizer F --out DIR'}</code>
      </p>
    </form>
  );
}
