'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { PersonView } from '#lib/services/people/list-people';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Icon } from '../../../../../_components/ui/icon';
import { useTRPC } from '../../../../../_trpc/client';
import { reasonWords } from '../../../_components/reason-words';
import quality from '../../quality/_components/quality.module.css';
import { ScrollRegion } from '../../quality/_components/scroll-region';
import { useFigures } from '../../quality/_components/use-figures';
import styles from '../people.module.css';
import { EditDialog } from './edit-dialog';
import { PauseDialog } from './pause-dialog';

interface Props {
  projectId: string;
  people: readonly PersonView[];
  currency: string;
  mayEdit: boolean;
  mayPause: boolean;
}

/** Everybody in the project with what rules his work. */
export function PeopleTable({ projectId, people, currency, mayEdit, mayPause }: Props) {
  const t = useTranslations('quality');
  const common = useTranslations('common');
  const router = useRouter();
  const [open, setOpen] = useState<{ dialog: 'edit' | 'pause'; person: PersonView } | null>(null);
  const resume = useMutation(useTRPC().quality.resume.mutationOptions({ onSuccess: () => router.refresh() }));
  const close = () => setOpen(null);
  return (
    <>
      <ErrorNote error={resume.error} />
      <ScrollRegion label={t('members.title')}>
        <table className={styles.people}>
          <thead>
            <tr>
              {(['person', 'roles', 'standing', 'skills', 'languages', 'quota', 'pay'] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`members.${column}`)}
                </th>
              ))}
              <th scope="col" className="n">
                {t('members.done')}
              </th>
              <th scope="col" className="n">
                {t('members.checks')}
              </th>
              <td />
            </tr>
          </thead>
          <tbody>
            {people.map((person) => (
              <tr key={person.userId}>
                <th scope="row" className="anywhere">
                  <bdi>{person.name ?? person.label}</bdi>
                  {person.name !== null && <span className={`${quality.aside} nowrap`}>{person.label}</span>}
                </th>
                <td className={quality.words} data-of={t('members.roles')}>
                  {person.roles.map((role) => common(`role.${role}`)).join(', ')}
                </td>
                <td className={styles.standing} data-of={t('members.standing')} data-none={!isAnnotator(person)}>
                  <Standing person={person} />
                </td>
                <td className="ink2 anywhere" data-of={t('members.skills')} data-none={person.skills.length === 0}>
                  {person.skills.join(', ') || '–'}
                </td>
                <td className={`ink2 ${styles.languages}`} data-of={t('members.languages')} data-none={person.languages.length === 0}>
                  {person.languages.join(', ') || '–'}
                </td>
                <td className="ink2 nowrap" data-of={t('members.quota')} data-none={!isAnnotator(person)}>
                  {isAnnotator(person) ? quotaOf(person) : '–'}
                </td>
                <td className="ink2 nowrap" data-of={t('members.pay')} data-none={!isAnnotator(person)}>
                  {isAnnotator(person) ? <Pay cents={person.payCents} currency={currency} /> : '–'}
                </td>
                <Work person={person} />
                <td>
                  <span className={styles.actions}>
                    {mayEdit && action('edit', person, () => setOpen({ dialog: 'edit', person }))}
                    {mayPause &&
                      isAnnotator(person) &&
                      (person.paused
                        ? action('resume', person, () => resume.mutate({ projectId, userId: person.userId }))
                        : action('pause', person, () => setOpen({ dialog: 'pause', person })))}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {!mayEdit && <p className="sm dim">{t('members.onlyAdmin')}</p>}
      {open?.dialog === 'edit' && <EditDialog projectId={projectId} person={open.person} onClose={close} />}
      {open?.dialog === 'pause' && (
        <PauseDialog projectId={projectId} userId={open.person.userId} person={open.person.name ?? open.person.label} onClose={close} />
      )}
    </>
  );

  function action(name: 'edit' | 'pause' | 'resume', person: PersonView, act: () => void) {
    return (
      <button type="button" className="btn quiet" aria-label={`${t(`members.${name}`)}: ${person.name ?? person.label}`} onClick={act}>
        {t(`members.${name}`)}
      </button>
    );
  }

  function quotaOf({ dailyQuota, totalQuota }: PersonView): string {
    const parts = [
      dailyQuota === null ? null : t('members.quotaDay', { n: dailyQuota }),
      totalQuota === null ? null : t('members.quotaTotal', { n: totalQuota }),
    ].filter((part) => part !== null);
    return parts.length === 0 ? t('members.noQuota') : parts.join(', ');
  }
}

/** Quotas, pay and pauses rule the work of annotators only. */
const isAnnotator = ({ roles }: PersonView) => roles.includes('ANNOTATOR');

function Standing({ person }: { person: PersonView }) {
  const t = useTranslations('quality');
  if (!isAnnotator(person)) return <span className="dim">–</span>;
  if (person.paused) {
    return (
      <span>
        <span className="chip warn">
          <Icon name="pause" />
          {t('people.paused')}
        </span>{' '}
        <span className="sm ink2" dir="auto">
          {person.paused.reason && reasonWords(t, person.paused.reason)}
          {person.paused.byRule && ` (${t('members.byRule')})`}
        </span>
      </span>
    );
  }
  return (
    <span className="row wrap">
      {person.qualifiedAt && (
        <span className="chip ok">
          <Icon name="check" />
          {t('members.qualified')}
        </span>
      )}
      {person.trainedAt && (
        <span className="chip ok">
          <Icon name="check" />
          {t('members.trained')}
        </span>
      )}
      {!person.qualifiedAt && !person.trainedAt && <span className="ink2">{t('members.working')}</span>}
    </span>
  );
}

function Pay({ cents, currency }: { cents: number | null; currency: string }) {
  const t = useTranslations('quality');
  const figures = useFigures();
  return cents === null ? t('members.projectRate') : figures.money(cents, currency);
}

function Work({ person: { done, checks, roles } }: { person: PersonView }) {
  const t = useTranslations('quality');
  const figures = useFigures();
  if (!roles.includes('ANNOTATOR') && done === 0) {
    return (
      <>
        <td className="n dim" data-of={t('members.done')} data-none>
          –
        </td>
        <td className="n dim" data-of={t('members.checks')} data-none>
          –
        </td>
      </>
    );
  }
  return (
    <>
      <td className="n" data-of={t('members.done')}>
        {figures.count(done)}
      </td>
      <td className="n nowrap" data-of={t('members.checks')}>
        {checks.defined ? (
          <>
            <span className="b">{figures.share(checks.value)}</span>
            <span className={quality.aside}>
              {figures.range(checks)}, {t('n', { n: checks.n })}
            </span>
          </>
        ) : (
          <span className="dim">{figures.reason(checks)}</span>
        )}
      </td>
    </>
  );
}
