'use client';

import styles from './charts.module.css';
import { linear, niceTicks } from './scale';
import { useWidth } from './use-width';

export interface IntervalRow {
  name: string;
  value: number;
  low: number;
  high: number;
  marker: 'dot' | 'square';
  color: string;
}

interface Props {
  label: string;
  rows: readonly IntervalRow[];
  range: readonly [number, number];
  /** A rule or a level to compare with, drawn as the plumb line. */
  mark?: { value: number; label: string };
  format: (value: number) => string;
}

/** Values with their intervals on one scale, one a row, so that they compare by eye. */
export function IntervalChart({ label, rows, range, mark, format }: Props) {
  const [box, width] = useWidth<HTMLDivElement>(320);
  const rowHeight = 44;
  const top = mark ? 26 : 8;
  const height = top + rows.length * rowHeight + 24;
  const x = linear(range, [12, width - 20]);
  const floor = height - 22;
  const ticks = niceTicks(range[0], range[1], Math.max(2, Math.floor(width / 90))).filter(
    (tick) => tick >= range[0] && tick <= range[1] + 1e-9,
  );
  return (
    <div ref={box} className={styles.chart} style={{ height }}>
      <svg width={width} height={height} role="img" aria-label={label}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={x(tick)} x2={x(tick)} y1={top} y2={floor} stroke="var(--grid)" />
            <text x={x(tick)} y={height - 6} textAnchor="middle">
              {format(tick)}
            </text>
          </g>
        ))}
        <line x1={12} x2={width - 20} y1={floor} y2={floor} stroke="var(--line-strong)" opacity={0.6} />
        {mark && mark.value >= range[0] && mark.value <= range[1] && (
          <g>
            <path d={`M${x(mark.value)} ${top - 4}V${floor - 9}`} stroke="var(--ink-2)" strokeWidth={1.2} />
            <path d={`M${x(mark.value) - 4} ${floor - 9}h8l-4 9z`} fill="var(--ink-2)" />
            <text
              x={x(mark.value)}
              y={14}
              textAnchor={x(mark.value) > width * 0.7 ? 'end' : x(mark.value) < width * 0.3 ? 'start' : 'middle'}
              className={styles.strong}
            >
              {mark.label}
            </text>
          </g>
        )}
        {rows.map((row, index) => {
          const y = top + index * rowHeight + 30;
          const late = x(row.value) > width * 0.6;
          return (
            <g key={row.name}>
              <text
                x={late ? x(row.high) : x(row.low)}
                y={y - 12}
                textAnchor={late ? 'end' : 'start'}
                className={styles.over}
                style={{ fill: row.color, fontWeight: 600 }}
              >
                {row.name}
              </text>
              <line x1={x(row.low)} x2={x(row.high)} y1={y} y2={y} stroke={row.color} strokeWidth={3} />
              {row.marker === 'dot' ? (
                <circle cx={x(row.value)} cy={y} r={6} fill={row.color} />
              ) : (
                <rect x={x(row.value) - 5} y={y - 5} width={10} height={10} fill={row.color} />
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
