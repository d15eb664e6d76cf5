import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import type { ReactElement, ReactNode } from 'react';
import { inertElements } from './inert-elements';
import { protectMath } from './protect-math';

/** Caps beyond which a text is shown as it was written: reading it must never hang the page. */
const MAX_CHARACTERS = 50_000;
const MAX_MARKS = 6_000;
const MAX_LINES = 3_000;
const deepLine = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])){12,}/m;
const mark = /[*_[\]`~<>!|]/g;
const lineBreak = /\n/g;

/** Parser and grammar are used as they are, without the packages around them: those carry a writer of Markdown and a model of all of HTML. */
const grammar = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };

export interface Words {
  readonly link: (address: string, children: ReactNode) => ReactElement;
  /** Names of the regions that scroll sideways. */
  readonly codeLabel: string;
  readonly tableLabel: string;
}

/** Markdown as inert elements, or null where the text is too long or too deeply nested: then show it plain. */
export function renderMarkdown(text: string, { link, codeLabel, tableLabel }: Words): ReactElement | null {
  if (text.length > MAX_CHARACTERS || count(text, mark) > MAX_MARKS || count(text, lineBreak) > MAX_LINES || deepLine.test(text))
    return null;
  try {
    return inertElements(fromMarkdown(protectMath(text), grammar), {
      link,
      code: (code) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard has to reach it
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form
        <pre className="code" dir="ltr" role="group" aria-label={codeLabel} tabIndex={0}>
          <code>{code}</code>
        </pre>
      ),
      table: (rows) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard has to reach it
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form
        <div className="table" role="group" aria-label={tableLabel} tabIndex={0}>
          <table>{rows}</table>
        </div>
      ),
    });
  } catch {
    return null;
  }
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}
