'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../_trpc/client';

export function HaveRead({ projectId, version }: { projectId: string; version: number }) {
  const t = useTranslations('mine.guideline');
  const router = useRouter();
  const mark = useMutation(useTRPC().ownWork.markGuidelineRead.mutationOptions({ onSuccess: () => router.refresh() }));
  return (
    <>
      <ErrorNote error={mark.error} />
      <button
        type="button"
        className="btn primary lg"
        aria-busy={mark.isPending}
        onClick={() => !mark.isPending && mark.mutate({ projectId, version })}
      >
        {t('haveRead')}
      </button>
    </>
  );
}
