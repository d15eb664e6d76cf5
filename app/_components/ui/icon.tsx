const paths = {
  check: 'M3.5 8.5l3 3 6-7',
  clock: 'M8 4.5V8l2.5 1.5M8 14A6 6 0 108 2a6 6 0 000 12z',
  warn: 'M8 6v3.2M8 11.4v.1M8 2L1.8 13.2h12.4z',
  x: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5l7 4.5-7 4.5z',
  right: 'M6 3.5L10.5 8 6 12.5',
  left: 'M10 3.5L5.5 8l4.5 4.5',
  down: 'M3.5 6L8 10.5 12.5 6',
  up: 'M3.5 10L8 5.5l4.5 4.5',
  undo: 'M3 6.5h6.5a3.5 3.5 0 010 7H7M5.5 3.5L2.5 6.5l3 3',
  flag: 'M4 14V2.5h8l-2 3 2 3H4',
  book: 'M3 3h4.2L8 4l.8-1H13v9.5H8.8L8 13l-.8-.5H3zM8 4v9',
  sun: 'M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 015 0v2.5',
  save: 'M3 8.5l3.2 3.2L13 4.8',
  user: 'M8 8a2.6 2.6 0 100-5.2A2.6 2.6 0 008 8zM3 13.5c.6-2.6 2.6-4 5-4s4.4 1.4 5 4',
  info: 'M8 7.3v3.6M8 5.1v.1M8 14A6 6 0 108 2a6 6 0 000 12z',
  ban: 'M8 14A6 6 0 108 2a6 6 0 000 12zM3.8 3.8l8.4 8.4',
  menu: 'M3 4.5h10M3 8h10M3 11.5h10',
  search: 'M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.3 10.3l3.2 3.2',
  dots: 'M6 4v.01M10 4v.01M6 8v.01M10 8v.01M6 12v.01M10 12v.01',
  download: 'M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10',
  upload: 'M8 11V3M4.5 6L8 2.5 11.5 6M3 13.5h10',
  box: 'M3.5 3.5h9v9h-9z',
  'box-on': 'M3.5 3.5h9v9h-9zM5.5 8.2l1.8 1.8 3.4-3.8',
  circle: 'M8 13a5 5 0 100-10 5 5 0 000 10z',
  globe: 'M8 14A6 6 0 108 2a6 6 0 000 12zM2 8h12M8 2c2.2 1.8 2.2 10.2 0 12M8 2c-2.2 1.8-2.2 10.2 0 12',
  message: 'M2.5 3.5h11v7.5H8L5 13.5V11H2.5z',
  plus: 'M8 3.5v9M3.5 8h9',
  columns: 'M2.5 3h3v10h-3zM6.5 3h3v10h-3zM10.5 3h3v10h-3z',
  rows: 'M3 2.5h10v3H3zM3 6.5h10v3H3zM3 10.5h10v3H3z',
  sliders: 'M2.5 5h4M9.5 5h4M6.5 3.2v3.6h3V3.2zM2.5 11h1.5M7 11h6.5M4 9.2v3.6h3V9.2z',
  pencil: 'M3 13l.6-2.7L10.7 3.2l2.1 2.1-7.1 7.1z',
  copy: 'M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z',
} as const;

export type IconName = keyof typeof paths;

/** A line icon beside a word, never instead of one: it is hidden from screen readers. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg className={className ? `ic ${className}` : 'ic'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The plumb line. */
export function Logo() {
  return (
    <svg width="18" height="22" viewBox="0 0 18 22" aria-hidden="true" focusable="false">
      <path d="M9 1v11" stroke="var(--ink)" strokeWidth="1.6" strokeLinecap="round" />
      <path d="M5 11.5h8L9 21z" fill="var(--accent)" />
    </svg>
  );
}
