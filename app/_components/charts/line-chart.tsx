'use client';

import styles from './charts.module.css';
import { extent, linear, linePath, niceTicks, type Point } from './scale';
import { useWidth } from './use-width';

interface Series {
  points: readonly Point[];
  /** A color token; series also differ by dash or marker. */
  color?: string;
  width?: number;
  opacity?: number;
  dash?: string;
  marker?: 'dot' | 'square';
  /** Interval of each point, drawn as an upright line: [x, low, high]. */
  intervals?: readonly (readonly [number, number, number])[];
  /** Written beside the last point. */
  label?: string;
}

interface Plumb {
  x: number;
  label?: string;
  /** Thin: a restart; with the weight at its foot: now, rule, peak. */
  kind: 'plumb' | 'thin';
}

export interface LineChartProps {
  /** What the chart shows, in a sentence, for those who do not see it. */
  label: string;
  height: number;
  series: readonly Series[];
  xRange?: readonly [number, number];
  /** The y axis holds at least these values. */
  yInclude?: readonly number[];
  /** Dashed level lines. */
  levels?: readonly number[];
  plumbs?: readonly Plumb[];
  formatX?: (value: number) => string;
  formatY?: (value: number) => string;
  xTitle?: string;
  xTicksWanted?: number;
}

/** Lines over a number axis. Colors and sizes from the tokens; the table beside it (TableTwin) says the same in numbers. */
export function LineChart(props: LineChartProps) {
  const { label, height, series, levels = [], plumbs = [], formatX = String, formatY = String, xTitle } = props;
  const [box, width] = useWidth<HTMLDivElement>(320);
  const xs = props.xRange ?? extent(series.flatMap((one) => one.points.map(([x]) => x))) ?? [0, 1];
  const ys = extent([
    ...series.flatMap((one) => [...one.points.map(([, y]) => y), ...(one.intervals ?? []).flatMap(([, low, high]) => [low, high])]),
    ...levels,
    ...(props.yInclude ?? []),
  ]) ?? [0, 1];
  const allTicks = niceTicks(ys[0], ys[1], 4);
  // The axis ends a little beyond the data, not at the next round number: half the picture would stay empty.
  const room = 0.06 * (ys[1] - ys[0]);
  const yRange = [Math.max(allTicks[0] ?? 0, ys[0] - room), Math.min(allTicks.at(-1) ?? 1, ys[1] + room)] as const;
  const yTicks = allTicks.filter((tick) => tick >= yRange[0] && tick <= yRange[1]);
  const longest = Math.max(1, ...yTicks.map((tick) => formatY(tick).length));
  const left = Math.max(28, longest * 7 + 10);
  const bottom = xTitle ? 38 : 22;
  const ends = series.some((one) => one.label);
  const right = ends ? 12 : 8;
  const xTicks = niceTicks(xs[0], xs[1], props.xTicksWanted ?? Math.max(2, Math.floor((width - left) / 72))).filter(
    (tick) => tick >= xs[0] && tick <= xs[1] + 1e-9,
  );
  const x = linear(xs, [left, width - right]);
  const y = linear(yRange, [height - bottom, 10]);
  const floor = height - bottom;
  return (
    <div ref={box} className={styles.chart} style={{ height }}>
      <svg width={width} height={height} role="img" aria-label={label}>
        {yTicks.map((tick) => (
          <g key={tick}>
            <line x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} stroke="var(--grid)" />
            <text x={left - 6} y={y(tick) + 4} textAnchor="end">
              {formatY(tick)}
            </text>
          </g>
        ))}
        {xTicks.map((tick) => (
          <text key={tick} x={x(tick)} y={floor + 16} textAnchor={x(tick) > width - 24 ? 'end' : 'middle'}>
            {formatX(tick)}
          </text>
        ))}
        <line x1={left} x2={width - right} y1={floor} y2={floor} stroke="var(--line-strong)" opacity={0.6} />
        {xTitle && (
          <text x={(left + width - right) / 2} y={height - 4} textAnchor="middle">
            {xTitle}
          </text>
        )}
        {levels.map((level) => (
          <line key={level} x1={left} x2={width - right} y1={y(level)} y2={y(level)} stroke="var(--ink-3)" strokeDasharray="4 4" />
        ))}
        {plumbs.map((plumb) => (
          <g key={`${plumb.kind}-${plumb.x}`}>
            <path
              d={`M${x(plumb.x)} 10V${plumb.kind === 'plumb' ? floor - 9 : floor}`}
              stroke="var(--ink-2)"
              strokeWidth={plumb.kind === 'plumb' ? 1.2 : 0.8}
            />
            {plumb.kind === 'plumb' && <path d={`M${x(plumb.x) - 4} ${floor - 9}h8l-4 9z`} fill="var(--ink-2)" />}
            {plumb.label && (
              <text
                x={x(plumb.x) + (x(plumb.x) > width / 2 ? -7 : 7)}
                y={20}
                textAnchor={x(plumb.x) > width / 2 ? 'end' : 'start'}
                className={styles.strong}
              >
                {plumb.label}
              </text>
            )}
          </g>
        ))}
        {series.map((one, index) => (
          <g key={index} opacity={one.opacity ?? 1}>
            <path
              d={linePath(one.points, x, y)}
              fill="none"
              stroke={one.color ?? 'var(--d1)'}
              strokeWidth={one.width ?? 2}
              strokeDasharray={one.dash}
              strokeLinejoin="round"
            />
            {(one.intervals ?? []).map(([at, low, high]) => (
              <line key={at} x1={x(at)} x2={x(at)} y1={y(low)} y2={y(high)} stroke={one.color ?? 'var(--d1)'} strokeWidth={1.5} />
            ))}
            {one.marker &&
              one.points.map(([px, py]) =>
                one.marker === 'square' ? (
                  <rect key={px} x={x(px) - 4} y={y(py) - 4} width={8} height={8} fill={one.color ?? 'var(--d1)'} />
                ) : (
                  <circle key={px} cx={x(px)} cy={y(py)} r={4} fill={one.color ?? 'var(--d1)'} />
                ),
              )}
            <EndLabel series={one} x={x} y={y} width={width} />
          </g>
        ))}
      </svg>
    </div>
  );
}

function EndLabel({ series, x, y, width }: { series: Series; x: (value: number) => number; y: (value: number) => number; width: number }) {
  const last = series.points.at(-1);
  if (!series.label || !last || !Number.isFinite(last[1])) return null;
  const end = x(last[0]) > width / 2;
  return (
    <text
      x={x(last[0]) + (end ? -10 : 10)}
      y={Math.max(14, y(last[1]) - 9)}
      textAnchor={end ? 'end' : 'start'}
      className={styles.over}
      style={{ fill: series.color ?? 'var(--d1)', fontWeight: 600 }}
    >
      {series.label}
    </text>
  );
}
