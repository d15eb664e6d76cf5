import { getT } from '../../../_i18n/server';
import styles from './first-start.module.css';

const steps = ['rank', 'learn', 'check', 'train', 'compare'] as const;

/** The circle of the product in five boxes; below 640 px the same as a list. */
export async function CirclePicture() {
  const t = await getT('start');
  return (
    <>
      <svg className={styles.circle} viewBox="0 0 560 92" role="img" aria-label={t('circle.label')}>
        {steps.map((step, index) => (
          <g key={step} transform={`translate(${index * 113} 0)`}>
            <rect x="1" y="12" width="96" height="46" rx="6" fill="var(--surface)" stroke="var(--line-strong)" />
            <text x="49" y="32" textAnchor="middle" className={styles.step}>
              {t(`circle.${step}`)}
            </text>
            <text x="49" y="48" textAnchor="middle">
              {t(`circle.${step}By`)}
            </text>
            {index < 4 && <path d="M98 35h12m-4-4l4 4-4 4" fill="none" stroke="var(--accent)" strokeWidth="1.6" />}
          </g>
        ))}
        <path d="M501 60v14q0 8-8 8H57q-8 0-8-8V63m-4 4l4-4 4 4" fill="none" stroke="var(--accent)" strokeWidth="1.6" />
        <text x="275" y="76" textAnchor="middle">
          {t('circle.again')}
        </text>
      </svg>
      <ol className={styles.circleList}>
        {steps.map((step) => (
          <li key={step}>
            <b>{t(`circle.${step}`)}</b> <span className="dim">{t(`circle.${step}By`)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
