'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { PoolView } from '#lib/services/labeling/save-pool';
import { Icon } from '../../../../../../_components/ui/icon';
import { useTRPC } from '../../../../../../_trpc/client';
import { ScrollRegion } from '../../../quality/_components/scroll-region';
import { openIn } from '../_state/pools';
import styles from '../labeling.module.css';
import { MoveDialog } from './move-dialog';
import { PoolDialog } from './pool-dialog';

export interface Pool extends PoolView {
  readonly tasks: number;
  readonly open: number;
  readonly people: number;
}

/** The pools of tasks, for whom they are, and whether somebody is there to do them. */
export function PoolsCard({ projectId, pools }: { projectId: string; pools: readonly Pool[] }) {
  const t = useTranslations('labeling.pools');
  const format = useFormatter();
  const { data: tasks } = useQuery(useTRPC().labeling.openTasks.queryOptions({ projectId }));
  const [shown, setShown] = useState<'move' | 'new' | Pool | null>(null);
  const [moved, setMoved] = useState<number | null>(null);
  const close = () => setShown(null);
  return (
    <section className="card" aria-labelledby="pools">
      <div className="head">
        <h2 id="pools">{t('title')}</h2>
        <span className="grow" />
        <span className={styles.do}>
          <button type="button" className="btn" onClick={() => setShown('new')}>
            {t('new')}
          </button>
          <button type="button" className="btn" onClick={() => setShown('move')} disabled={pools.length === 0}>
            {t('move')}
          </button>
        </span>
      </div>
      <p className={`ink2 ${styles.lead}`}>{t('text')}</p>
      {moved !== null && (
        <p className="row sm" role="status">
          <Icon name="check" className="ok" />
          {t('moved', { n: moved })}
        </p>
      )}
      <ScrollRegion label={t('list')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('pool')}</th>
              <th scope="col">{t('whom')}</th>
              <th scope="col" className="right">
                {t('open')}
              </th>
              <th scope="col" className="right">
                {t('tasks')}
              </th>
              <th scope="col" className="right">
                {t('people')}
              </th>
              <th scope="col">
                <span className="hidden-text">{t('edit')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{t('everybody')}</th>
              <td className="ink2">{t('everybodyWhom')}</td>
              <td className="right">{tasks ? format.number(openIn(tasks, null)) : '…'}</td>
              <td />
              <td />
              <td />
            </tr>
            {pools.map((pool) => (
              <PoolRow key={pool.id} pool={pool} edit={() => setShown(pool)} />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {shown === 'move' && <MoveDialog projectId={projectId} pools={pools} tasks={tasks ?? []} onMoved={setMoved} onClose={close} />}
      {shown !== null && shown !== 'move' && (
        <PoolDialog projectId={projectId} pool={shown === 'new' ? null : shown} names={pools.map(({ name }) => name)} onClose={close} />
      )}
    </section>
  );
}

function PoolRow({ pool, edit }: { pool: Pool; edit: () => void }) {
  const t = useTranslations('labeling.pools');
  const format = useFormatter();
  const whom = [
    ...(pool.skills.length > 0 ? [t('withSkills', { skills: format.list(pool.skills) })] : []),
    ...(pool.languages.length > 0 ? [t('withLanguages', { languages: format.list(pool.languages, { type: 'disjunction' }) })] : []),
    ...(pool.qualifiedOnly ? [t('qualified')] : []),
  ];
  return (
    <tr>
      <th scope="row" className={`anywhere ${styles.words}`}>
        <bdi>{pool.name}</bdi>
      </th>
      <td className={`ink2 anywhere ${styles.words}`}>{whom.length === 0 ? t('everybodyWhom') : whom.join(' · ')}</td>
      <td className="right">{format.number(pool.open)}</td>
      <td className="right">{format.number(pool.tasks)}</td>
      <td className="right">
        {pool.people === 0 ? (
          <span className={`chip ${pool.open > 0 ? 'warn' : ''}`}>
            {pool.open > 0 && <Icon name="warn" />}
            {t('nobody')}
          </span>
        ) : (
          format.number(pool.people)
        )}
      </td>
      <td className="right">
        <button type="button" className="btn quiet" aria-label={t('editPool', { pool: pool.name })} onClick={edit}>
          {t('edit')}
        </button>
      </td>
    </tr>
  );
}
