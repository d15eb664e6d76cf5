'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { GoldView } from '#lib/services/quality/list-gold';
import type { GoldCandidate } from '#lib/services/quality/list-gold-candidates';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './quality.module.css';
import { ScrollRegion } from './scroll-region';
import { TakeGoldDialog } from './take-gold-dialog';
import { useFigures } from './use-figures';

interface Props {
  gold: readonly GoldView[];
  candidates: readonly GoldCandidate[];
  maxExposures: number;
}

const often = 0.5;
const few = 6;

/** Tasks with a known answer, and decided tasks that may become one. */
export function GoldCard({ gold, candidates, maxExposures }: Props) {
  const t = useTranslations('quality');
  const figures = useFigures();
  const router = useRouter();
  const [all, setAll] = useState(false);
  const shown = all ? gold : gold.slice(0, few);
  const [taking, setTaking] = useState<GoldCandidate | null>(null);
  const retire = useMutation(useTRPC().quality.retireGold.mutationOptions({ onSuccess: () => router.refresh() }));
  return (
    <section className="card">
      <div className="head">
        <h2>{t('gold.title')}</h2>
      </div>
      <p className={styles.lead}>{gold.length === 0 ? t('gold.none') : t('gold.text')}</p>
      <ErrorNote error={retire.error} />
      {gold.length > 0 && (
        <ScrollRegion label={t('gold.title')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('gold.question')}</th>
                <th scope="col">{t('gold.use')}</th>
                <th scope="col" className="n">
                  {t('gold.exposures')}
                </th>
                <th scope="col" className="n">
                  {t('gold.passed')}
                </th>
                <td />
              </tr>
            </thead>
            <tbody>
              {shown.map((each) => (
                <tr key={each.taskId}>
                  <th scope="row" className="anywhere">
                    <span className={styles.question}>
                      <bdi>{each.question}</bdi>
                    </span>
                    {each.explanation !== '' && (
                      <span className={styles.aside}>
                        <bdi>{each.explanation}</bdi>
                      </span>
                    )}
                  </th>
                  <td className="nowrap">{t(`gold.purpose.${each.purpose}`)}</td>
                  <td className="n nowrap">
                    {each.purpose === 'GOLD'
                      ? t('gold.exposuresOf', { n: each.exposures, max: each.maxExposures })
                      : figures.count(each.exposures)}
                  </td>
                  <td className="n">
                    {each.passed.defined ? (
                      <>
                        <span className="b">{figures.share(each.passed.value)}</span>{' '}
                        <span className="xs dim nowrap">
                          {figures.range(each.passed)}, {t('n', { n: each.passed.n })}
                        </span>
                        {each.passed.high < often && <span className="chip warn">{t('gold.often')}</span>}
                      </>
                    ) : (
                      <span className="dim">{figures.reason(each.passed)}</span>
                    )}
                  </td>
                  <td className="right">
                    {each.retiredAt ? (
                      <span className="dim nowrap">{t('gold.retired')}</span>
                    ) : (
                      <button
                        type="button"
                        className="btn quiet"
                        aria-label={`${t('gold.retire')}: ${each.question}`}
                        onClick={() => retire.mutate({ taskId: each.taskId })}
                      >
                        {t('gold.retire')}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {gold.length > few && (
        <button type="button" className={`btn quiet ${styles.flush}`} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('gold.fewer') : t('gold.all', { n: gold.length })}
        </button>
      )}
      <h3 style={{ marginTop: 'var(--s-3)' }}>{t('gold.candidates')}</h3>
      {candidates.length === 0 && <p className="sm ink2">{t('gold.noCandidates')}</p>}
      {candidates.map((each) => (
        <div key={each.taskId} className={styles.item}>
          <span>
            <span className={`b ${styles.question}`}>
              <bdi>{each.question}</bdi>
            </span>
            <span className="sm ink2">{t('gold.decided', { reason: each.reason, labels: each.labels })}</span>
          </span>
          <button type="button" className="btn" aria-label={`${t('gold.take')}: ${each.question}`} onClick={() => setTaking(each)}>
            {t('gold.take')}
          </button>
        </div>
      ))}
      {taking && <TakeGoldDialog candidate={taking} maxExposures={maxExposures} onClose={() => setTaking(null)} />}
    </section>
  );
}
