import type { Estimate } from '#lib/domain/statistics/estimate';
import styles from './quality.module.css';

const [width, pad] = [150, 6];

/** A value with its interval on a scale from 0 to 1; what lies below 0 is drawn at the left end. The numbers stand beside it. */
export function IntervalBar({ estimate, warn = false }: { estimate: Estimate & { defined: true }; warn?: boolean }) {
  const x = (value: number) => pad + Math.max(0, Math.min(1, value)) * (width - 2 * pad);
  const color = warn ? 'var(--warn)' : 'var(--d1)';
  return (
    <svg width={width} height="16" aria-hidden="true" className={styles.interval}>
      <line x1={pad} x2={width - pad} y1="8" y2="8" stroke="var(--line)" />
      <line x1={x(0)} x2={x(0)} y1="3" y2="13" stroke="var(--line-strong)" />
      <line x1={x(estimate.low)} x2={x(estimate.high)} y1="8" y2="8" stroke={color} strokeWidth="3" />
      <circle cx={x(estimate.value)} cy="8" r="4" fill={color} />
    </svg>
  );
}

/** Agreement at the latest checks, from 25% to 100%; the dotted line is 75%. */
export function Trend({ values, label, warn }: { values: readonly number[]; label: string; warn: boolean }) {
  const [w, h] = [140, 26];
  const y = (value: number) => h - 1 - Math.max(0, Math.min(1, (value - 0.25) / 0.75)) * (h - 2);
  const step = (w - 2) / Math.max(1, values.length - 1);
  const path = values.map((value, index) => `${index === 0 ? 'M' : 'L'}${(1 + index * step).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  return (
    <svg width={w} height={h} role="img" aria-label={label}>
      <line x1="0" x2={w} y1={y(0.75)} y2={y(0.75)} stroke="var(--line-strong)" strokeDasharray="2 3" />
      <path d={path} fill="none" stroke={warn ? 'var(--warn)' : 'var(--d1)'} strokeWidth="1.6" />
    </svg>
  );
}
