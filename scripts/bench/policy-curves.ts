import type { CurvePoint, PolicyRun, Variant } from './policy-run';

const width = 760;
const height = 316;
const margin = { left: 44, right: 12, top: 54, bottom: 40 };
const panelWidth = (width - 20) / 2;
const titles: Record<Variant, string> = { held: 'With the price of a nat', free: 'Without it' };
const lines = [
  { key: 'gold', label: 'gold (hidden), points', color: '#b8860b' },
  { key: 'proxy', label: 'proxy (learnt from), sd', color: '#2f6f9f' },
] as const;

interface Scale {
  readonly low: number;
  readonly high: number;
}

function extent(values: readonly number[]): Scale {
  const low = Math.floor(Math.min(...values, 0));
  return { low, high: Math.ceil(Math.max(...values)) };
}

/** √KL to the right (Gao et al. 2210.10760), on each panel's own scale; points and standard deviations upwards, on one scale. */
function panel(runs: readonly PolicyRun[], left: number, title: string, y: Scale): string {
  const farthest = Math.max(...runs.flatMap(({ curve }) => curve.map(({ kl }) => kl)), 1);
  const x = { low: 0, high: Math.ceil(Math.sqrt(farthest)) };
  const [x0, x1] = [left + margin.left, left + panelWidth - margin.right];
  const [y0, y1] = [height - margin.bottom, margin.top];
  const at = (value: number, scale: Scale, from: number, to: number) =>
    from + ((value - scale.low) / (scale.high - scale.low)) * (to - from);
  const px = (point: CurvePoint) => at(Math.sqrt(Math.max(0, point.kl)), x, x0, x1).toFixed(1);
  const path = (points: readonly CurvePoint[], key: 'gold' | 'proxy') =>
    points.map((point) => `${px(point)},${at(point[key], y, y0, y1).toFixed(1)}`).join(' ');
  const ticks = (scale: Scale) => Array.from({ length: scale.high - scale.low + 1 }, (_, index) => scale.low + index);
  return [
    `<text x="${left + margin.left}" y="20" font-weight="bold">${title}</text>`,
    ...ticks(y).map((tick) => {
      const level = at(tick, y, y0, y1).toFixed(1);
      return `<line x1="${x0}" x2="${x1}" y1="${level}" y2="${level}" stroke="#ddd"/><text x="${x0 - 6}" y="${level}" text-anchor="end" dominant-baseline="middle">${tick}</text>`;
    }),
    ...ticks(x)
      .filter((tick) => tick % 2 === 0 || x.high - x.low < 10)
      .map((tick) => `<text x="${at(tick, x, x0, x1).toFixed(1)}" y="${y0 + 16}" text-anchor="middle">${tick}</text>`),
    `<text x="${(x0 + x1) / 2}" y="${height - 8}" text-anchor="middle">√KL to the SFT policy, nats an answer</text>`,
    ...runs.flatMap(({ curve }) =>
      lines.map(
        ({ color, key }) => `<polyline points="${path(curve, key)}" fill="none" stroke="${color}" stroke-width="1.5" opacity="0.85"/>`,
      ),
    ),
  ].join('\n');
}

/** Gold and proxy of every run's rollouts over the distance from where it began. */
export function curvesSvg(runs: readonly PolicyRun[]): string {
  const points = runs.flatMap(({ curve }) => curve);
  const y = extent(points.flatMap(({ gold, proxy }) => [gold, proxy]));
  const legend = lines.map(({ color, label }, index) => {
    const left = margin.left + index * 165;
    return `<rect x="${left}" y="29" width="12" height="12" fill="${color}"/><text x="${left + 16}" y="39">${label}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    '<title>Gold and proxy over the distance from the SFT policy, with and without the price of a nat</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    panel(
      runs.filter(({ variant }) => variant === 'held'),
      0,
      titles.held,
      y,
    ),
    panel(
      runs.filter(({ variant }) => variant === 'free'),
      panelWidth + 20,
      titles.free,
      y,
    ),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}
