/** Offers bytes made in the browser as a file. */
export function saveFile(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** RFC 4180; a text that a spreadsheet would run as a formula gets a leading apostrophe. Numbers stay numbers. */
export function toCsv(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null) => {
    if (value === null) return '';
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

const drawn = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font', 'font-weight', 'text-anchor', 'stroke-linejoin'];

/** Draws the charts of a container one under the other, at twice their size, with the colors of the theme on the screen. */
export async function chartsToPng(container: HTMLElement): Promise<Blob> {
  const charts = [...container.querySelectorAll<SVGSVGElement>('svg[role="img"]')];
  const scale = 2;
  const gap = 28;
  const width = Math.max(...charts.map((chart) => chart.clientWidth), 1) + 32;
  const height = charts.reduce((sum, chart) => sum + chart.clientHeight + gap, 16);
  const canvas = document.createElement('canvas');
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no pictures.');
  const root = getComputedStyle(document.documentElement);
  context.scale(scale, scale);
  context.fillStyle = getComputedStyle(container.querySelector('.card') ?? document.body).backgroundColor;
  context.fillRect(0, 0, width, height);
  let top = 16;
  for (const chart of charts) {
    context.fillStyle = getComputedStyle(document.body).color;
    context.font = `600 13px ${root.getPropertyValue('--sans')}`;
    context.fillText(chart.getAttribute('aria-label') ?? '', 16, top + 10, width - 32);
    context.drawImage(await toImage(chart), 16, top + 16);
    top += chart.clientHeight + gap;
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))), 'image/png');
  });
}

/** A copy that stands without the page's style sheets: computed styles are written onto each element. */
async function toImage(chart: SVGSVGElement): Promise<HTMLImageElement> {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const from = [chart, ...chart.querySelectorAll<SVGElement>('*')];
  const to = [copy, ...copy.querySelectorAll<SVGElement>('*')];
  from.forEach((element, index) => {
    const computed = getComputedStyle(element);
    const target = to[index];
    for (const name of drawn) target?.style.setProperty(name, computed.getPropertyValue(name));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}
