'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { type TaskKind, taskKinds } from '#lib/domain/forms';
import type { OpenTasks } from '#lib/services/labeling/count-open-tasks';
import { Dialog } from '../../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Field } from '../../../../../../_components/ui/field';
import { useTRPC } from '../../../../../../_trpc/client';
import { movable } from '../_state/pools';
import styles from '../labeling.module.css';
import type { Pool } from './pools-card';

interface Props {
  projectId: string;
  pools: readonly Pool[];
  tasks: readonly OpenTasks[];
  onMoved: (n: number) => void;
  onClose: () => void;
}

/** Puts open tasks into a pool, by the data set they came with and their kind; says beforehand how many that is. */
export function MoveDialog({ projectId, pools, tasks, onMoved, onClose }: Props) {
  const t = useTranslations('labeling.pools');
  const common = useTranslations('common');
  const kinds = useTranslations('form.kind');
  const router = useRouter();
  const queries = useQueryClient();
  const { labeling } = useTRPC();
  const [datasetId, setDataset] = useState<string | null>(null);
  const [kind, setKind] = useState<TaskKind | null>(null);
  const [poolId, setPool] = useState<string | null>(pools[0]?.id ?? null);
  const n = movable(tasks, { datasetId, kind }, poolId);
  const place = useMutation(
    labeling.place.mutationOptions({
      onSuccess: () => {
        void queries.invalidateQueries({ queryKey: labeling.openTasks.queryKey({ projectId }) });
        router.refresh();
        onMoved(n);
        onClose();
      },
    }),
  );
  const datasets = new Map(tasks.map((row) => [row.datasetId, row.dataset]));
  const present = taskKinds.filter((one) => tasks.some((row) => row.kind === one));
  const asked = datasetId !== null || kind !== null;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (place.isPending || !asked || n === 0) return;
    place.mutate({ projectId, tasks: { ...(datasetId && { datasetId }), ...(kind && { kind }) }, poolId });
  }
  return (
    <Dialog title={t('move')} onClose={onClose}>
      <form className={styles.dialog} onSubmit={submit}>
        <ErrorNote error={place.error} />
        <div className={styles.pair}>
          <Field label={t('dataset')}>
            {(ids) => (
              <select {...ids} value={datasetId ?? ''} onChange={(event) => setDataset(event.currentTarget.value || null)}>
                <option value="">{t('anyDataset')}</option>
                {[...datasets].map(([id, name]) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('kind')}>
            {(ids) => (
              <select
                {...ids}
                value={kind ?? ''}
                onChange={(event) => setKind(taskKinds.find((one) => one === event.currentTarget.value) ?? null)}
              >
                <option value="">{t('anyKind')}</option>
                {present.map((one) => (
                  <option key={one} value={one}>
                    {kinds(one)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <Field label={t('to')} hint={t('toHint')}>
          {(ids) => (
            <select {...ids} value={poolId ?? ''} onChange={(event) => setPool(event.currentTarget.value || null)}>
              {pools.map((pool) => (
                <option key={pool.id} value={pool.id}>
                  {pool.name}
                </option>
              ))}
              <option value="">{t('everybody')}</option>
            </select>
          )}
        </Field>
        <p className="sm ink2" aria-live="polite">
          {asked ? t('found', { n }) : t('sayWhich')}
        </p>
        <div className="actions">
          <button type="button" className="btn lg" onClick={onClose}>
            {common('cancel')}
          </button>
          <button type="submit" className="btn primary lg" aria-disabled={!asked || n === 0} aria-busy={place.isPending}>
            {place.isPending ? common('saving') : t('do', { n: asked ? n : 0 })}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
