'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import { useTRPC } from '../../../../_trpc/client';
import { ChangedLines } from '../../_components/changed-lines';
import { useAnnotate } from '../_components/annotate-context';
import { keepFocus } from '../_components/keep-focus';
import styles from './panels.module.css';

/** Above the guideline's text: what changed since this person read it last, and "I have read it". */
export default function GuidelineChanges({ version }: { version: number }) {
  const t = useTranslations('mine.guideline');
  const { project } = useAnnotate();
  const { ownWork } = useTRPC();
  const queries = useQueryClient();
  const wanted = ownWork.guideline.queryOptions({ projectId: project.id, version }, { staleTime: Number.POSITIVE_INFINITY });
  const reading = useQuery(wanted).data;
  const mark = useMutation(
    ownWork.markGuidelineRead.mutationOptions({ onSuccess: () => queries.invalidateQueries({ queryKey: wanted.queryKey }) }),
  );
  if (!reading) return null;
  const { read, from, lines, changes } = reading;
  const isRead = read !== null && read >= version;
  if (isRead && !lines) {
    return (
      <p className={`row sm ${styles.read}`}>
        <Icon name="check" className="ok" />
        {t('marked')}
      </p>
    );
  }
  return (
    <section className={styles.changes}>
      <div className="row wrap">
        <b className="grow sm">{from !== null ? t('changes', { n: changes, version: from }) : t('never')}</b>
        {!isRead && (
          <button
            type="button"
            className="btn"
            aria-busy={mark.isPending}
            onMouseDown={keepFocus}
            onClick={() => mark.mutate({ projectId: project.id, version })}
          >
            {t('haveRead')}
          </button>
        )}
      </div>
      {lines && changes > 0 && (
        <div className={`sm ${styles.changedText}`}>
          <ChangedLines lines={lines} />
        </div>
      )}
    </section>
  );
}
