import type { ReactElement, ReactNode } from 'react';
import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { keepLineBreaks, makeInert } from './inert-tree';
import { protectMath } from './protect-math';

/** Caps beyond which a text is shown as it was written: reading it must never hang the page. */
const MAX_CHARACTERS = 50_000;
const MAX_MARKS = 6_000;
const MAX_LINES = 3_000;
const deepLine = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])){12,}/m;
const mark = /[*_[\]`~<>!|]/g;
const lineBreak = /\n/g;

export interface Parts {
  readonly link: (address: string, children: ReactNode) => ReactElement;
  /** Names of the regions that scroll sideways. */
  readonly codeLabel: string;
  readonly tableLabel: string;
}

/** Markdown as inert elements, or null where the text is too long or too deeply nested: then show it plain. */
export function renderMarkdown(text: string, parts: Parts): ReactElement | null {
  if (text.length > MAX_CHARACTERS || count(text, mark) > MAX_MARKS || count(text, lineBreak) > MAX_LINES || deepLine.test(text))
    return null;
  try {
    // Called, not mounted: what it throws is caught here and the plain text takes its place.
    return Markdown({
      children: protectMath(text),
      remarkPlugins: [remarkGfm, keepLineBreaks],
      rehypePlugins: [makeInert],
      components: components(parts),
    });
  } catch {
    return null;
  }
}

function components({ link, codeLabel, tableLabel }: Parts): Components {
  return {
    a: ({ href, children }) => link(href ?? '', children),
    pre: ({ children }) => (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard has to reach it
      // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form
      <pre className="code" dir="ltr" role="group" aria-label={codeLabel} tabIndex={0}>
        {children}
      </pre>
    ),
    table: ({ children }) => (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard has to reach it
      // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form
      <div className="table" role="group" aria-label={tableLabel} tabIndex={0}>
        <table>{children}</table>
      </div>
    ),
  };
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}
