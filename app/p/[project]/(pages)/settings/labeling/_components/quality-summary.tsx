import Link from 'next/link';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import { getFormat, getT } from '../../../../../../_i18n/server';
import styles from '../labeling.module.css';

/** What of the policy is changed on the page of quality, as it stands. */
export async function QualitySummary({ slug, policy }: { slug: string; policy: QualityPolicy }) {
  const [t, quality, format] = [await getT('labeling'), await getT('quality'), await getFormat()];
  const share = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 1 });
  const yes = (value: boolean) => t(value ? 'on' : 'off');
  const rows = [
    [t('quality.gold'), share(policy.gold.share)],
    [quality('policy.maxExposures'), format.number(policy.gold.maxExposures)],
    [t('quality.repeats'), share(policy.repeats.share)],
    [quality('policy.sprt'), yes(policy.sprt.enabled)],
    [quality('policy.training'), yes(policy.training.required)],
    [quality('policy.qualification'), yes(policy.qualification.required)],
  ] as const;
  return (
    <>
      <p className="ink2">
        {t('quality.text')} <Link href={`/p/${slug}/quality`}>{t('quality.link')}</Link>
      </p>
      <dl className={styles.facts}>
        {rows.map(([what, value]) => (
          <div key={what}>
            <dt className="sm dim">{what}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
