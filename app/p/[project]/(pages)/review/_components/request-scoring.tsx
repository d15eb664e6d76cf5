'use client';

import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../_trpc/client';

/** Lets the newest reward model score the answers; the queue is in order once the run is done. */
export function RequestScoring({ projectId, slug }: { projectId: string; slug: string }) {
  const t = useTranslations('review.scoring');
  const trpc = useTRPC();
  const request = useMutation(trpc.review.requestScoring.mutationOptions());
  return (
    <>
      <ErrorNote error={request.error} />
      {request.data ? (
        <p className="sm">
          <Link href={`/p/${slug}/runs/${request.data.runId}`}>{t('asked')}</Link>
        </p>
      ) : (
        <div className="row wrap">
          <button type="button" className="btn" disabled={request.isPending} onClick={() => request.mutate({ projectId })}>
            {t('do')}
          </button>
          <span className="sm ink2">{t('hint')}</span>
        </div>
      )}
    </>
  );
}
