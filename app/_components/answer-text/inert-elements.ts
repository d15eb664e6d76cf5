import type { fromMarkdown } from 'mdast-util-from-markdown';
import { normalizeUri } from 'micromark-util-sanitize-uri';
import { createElement, Fragment, type HTMLAttributes, type ReactElement, type ReactNode } from 'react';
import { linkAddress } from './link-address';

type Root = ReturnType<typeof fromMarkdown>;
type MarkdownNode = Root['children'][number];
type Of<T extends MarkdownNode['type']> = Extract<MarkdownNode, { type: T }>;
type Align = NonNullable<Of<'table'>['align']>[number] | undefined;

/** What the caller draws himself. */
export interface Parts {
  readonly link: (address: string, children: ReactNode) => ReactElement;
  readonly code: (text: string) => ReactElement;
  readonly table: (rows: ReactNode) => ReactElement;
}

/** A page heading stands above every answer: an answer's own headings start below it. */
const headings = ['h3', 'h3', 'h4', 'h5', 'h6', 'h6'] as const;

/** Letters of scripts that run from right to left. */
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

const MAX_DEPTH = 32;

class TooDeepError extends Error {}

/** Blocks of text take their direction from their first letter: the browser reads it. */
const text = { dir: 'auto' } as const;

const emptyParagraph: Of<'paragraph'> = { type: 'paragraph', children: [] };

/**
 * A Markdown tree as elements that do nothing by themselves. Every tag and property that an answer can bring is named in this file:
 * none loads, runs, submits or names anything. Raw HTML is the text it was written as, an image its description and address, a link
 * what `parts.link` makes of a checked http(s) or mailto address, or plain text.
 * @throws TooDeepError beyond `MAX_DEPTH` levels.
 */
export function inertElements(root: Root, parts: Parts): ReactElement {
  return createElement(Fragment, null, ...new InertElements(root, parts).all());
}

class InertElements {
  private readonly definitions = new Map<string, Of<'definition'>>();
  private readonly footnotes = new Map<string, Of<'footnoteDefinition'>>();
  /** Identifiers of the footnotes, in the order in which the text asks for them. */
  private readonly asked: string[] = [];

  constructor(
    private readonly root: Root,
    private readonly parts: Parts,
  ) {
    this.define(root.children);
  }

  all(): ReactNode[] {
    return [...spaced(this.each(this.root.children, 0)), ...this.footer()];
  }

  /** The first definition of a name holds, wherever it stands. */
  private define(nodes: readonly MarkdownNode[]): void {
    for (const node of nodes) {
      if (node.type === 'definition' && !this.definitions.has(name(node))) this.definitions.set(name(node), node);
      if (node.type === 'footnoteDefinition' && !this.footnotes.has(name(node))) this.footnotes.set(name(node), node);
      this.define(childrenOf(node));
    }
  }

  /** What each node becomes; those that become nothing are left out. */
  private each(nodes: readonly MarkdownNode[], depth: number): ReactNode[][] {
    if (depth > MAX_DEPTH) throw new TooDeepError();
    return nodes.map((node) => this.draw(node, depth + 1)).filter((drawn) => drawn.length > 0);
  }

  private inside(node: MarkdownNode, depth: number): ReactNode[] {
    return this.each(childrenOf(node), depth).flat();
  }

  private draw(node: MarkdownNode, depth: number): ReactNode[] {
    switch (node.type) {
      case 'text':
        return lines(node.value);
      case 'html':
        return [node.value];
      case 'inlineCode':
        return [createElement('code', null, node.value.replace(/\r?\n|\r/g, ' '))];
      case 'code':
        return [this.parts.code(node.value === '' ? '' : `${node.value}\n`)];
      case 'paragraph':
        return [createElement('p', text, ...this.inside(node, depth))];
      case 'heading':
        return [createElement(headings[node.depth - 1] ?? 'h6', text, ...this.inside(node, depth))];
      case 'emphasis':
        return [createElement('em', null, ...this.inside(node, depth))];
      case 'strong':
        return [createElement('strong', null, ...this.inside(node, depth))];
      case 'delete':
        return [createElement('del', null, ...this.inside(node, depth))];
      case 'break':
        return lineBreak();
      case 'thematicBreak':
        return [createElement('hr')];
      case 'blockquote':
        return [createElement('blockquote', { dir: direction([node]) }, ...framed(this.each(node.children, depth)))];
      case 'list':
        return [this.list(node, depth)];
      case 'table':
        return [this.table(node, depth)];
      default:
        return this.drawReference(node, depth);
    }
  }

  /** What leads elsewhere. All else that a tree can hold is drawn where it belongs, or is nothing to see. */
  private drawReference(node: MarkdownNode, depth: number): ReactNode[] {
    switch (node.type) {
      case 'link':
        return this.link(node.url, node, depth);
      case 'linkReference': {
        const definition = this.definitions.get(name(node));
        return definition ? this.link(definition.url, node, depth) : ['[', ...this.inside(node, depth), referenceEnd(node)];
      }
      case 'image':
        return [imageText(node.alt, node.url)];
      case 'imageReference': {
        const definition = this.definitions.get(name(node));
        return [definition ? imageText(node.alt, definition.url) : `![${node.alt ?? ''}${referenceEnd(node)}`];
      }
      case 'footnoteReference':
        return [createElement('sup', null, String(this.footnoteNumber(name(node))))];
      default:
        return [];
    }
  }

  private link(url: string, node: Of<'link'> | Of<'linkReference'>, depth: number): ReactNode[] {
    const children = this.inside(node, depth);
    const address = normalizeUri(url);
    if (address.startsWith('#')) return children;
    const checked = linkAddress(address);
    if (checked !== null) return [this.parts.link(checked, createElement(Fragment, null, ...children))];
    return address === '' || plainText(node) === address ? children : [...children, ` (${address})`];
  }

  private list(node: Of<'list'>, depth: number): ReactNode {
    const loose = node.spread === true || node.children.some((item) => item.spread ?? item.children.length > 1);
    const start = node.ordered && typeof node.start === 'number' && node.start !== 1 ? { start: node.start } : {};
    const items = node.children.map((item) => [this.item(item, loose, depth + 1)]);
    return createElement(node.ordered ? 'ol' : 'ul', { ...start, dir: direction([node]) }, ...framed(items));
  }

  /** The paragraphs of a tight list are no blocks of their own. */
  private item(node: Of<'listItem'>, loose: boolean, depth: number): ReactNode {
    if (depth > MAX_DEPTH) throw new TooDeepError();
    const box = typeof node.checked === 'boolean' ? [node.checked ? '☑ ' : '☐ '] : [];
    const blocks = box.length > 0 && node.children[0]?.type !== 'paragraph' ? [emptyParagraph, ...node.children] : node.children;
    const children = blocks.flatMap((child, index): ReactNode[] => {
      if (child.type !== 'paragraph') {
        const drawn = this.draw(child, depth + 1);
        return drawn.length > 0 ? ['\n', ...drawn] : [];
      }
      const inner = [...(index === 0 ? box : []), ...this.inside(child, depth + 1)];
      return loose ? ['\n', createElement('p', text, ...inner)] : [...(index === 0 ? [] : ['\n']), ...inner];
    });
    if (loose || blocks.at(-1)?.type !== 'paragraph') children.push('\n');
    return createElement('li', text, ...children);
  }

  private table({ children: [head, ...rows], align }: Of<'table'>, depth: number): ReactNode {
    const columns = align ?? [];
    const row = (one: Of<'tableRow'>, cell: 'th' | 'td') => this.row(one, cell, columns, depth + 2);
    return this.parts.table(
      createElement(
        Fragment,
        null,
        head && createElement('thead', null, row(head, 'th')),
        rows.length > 0 && createElement('tbody', null, ...rows.map((one) => row(one, 'td'))),
      ),
    );
  }

  /** As many cells as the head has, whatever the row holds. */
  private row(node: Of<'tableRow'>, tag: 'th' | 'td', columns: readonly Align[], depth: number): ReactNode {
    const count = columns.length > 0 ? columns.length : node.children.length;
    const cells = Array.from({ length: count }, (_, index) => {
      const cell = node.children[index];
      const side = columns[index];
      const properties: HTMLAttributes<HTMLTableCellElement> = side ? { ...text, style: { textAlign: side } } : text;
      return createElement(tag, properties, ...(cell ? this.inside(cell, depth + 1) : []));
    });
    return createElement('tr', null, ...cells);
  }

  private footnoteNumber(identifier: string): number {
    const place = this.asked.indexOf(identifier);
    return place >= 0 ? place + 1 : this.asked.push(identifier);
  }

  /** The footnotes that were asked for, below a line; a footnote may ask for another. */
  private footer(): ReactNode[] {
    const found: Of<'footnoteDefinition'>[] = [];
    const items: ReactNode[][] = [];
    for (const identifier of this.asked) {
      const note = this.footnotes.get(identifier);
      if (note === undefined) continue;
      found.push(note);
      items.push([createElement('li', text, ...framed(this.each(note.children, 1)))]);
    }
    return found.length === 0
      ? []
      : ['\n', createElement('hr'), '\n', createElement('ol', { dir: direction(found) }, ...framed(items)), '\n'];
  }
}

function childrenOf(node: MarkdownNode): readonly MarkdownNode[] {
  return 'children' in node ? node.children : [];
}

function name({ identifier }: { identifier: string }): string {
  return identifier.toUpperCase();
}

/** A line break in the source is a line break on the screen; Markdown alone would make it a blank. */
function lines(value: string): ReactNode[] {
  return value.split(/\r?\n|\r/).flatMap((line, index) => [...(index > 0 ? lineBreak() : []), ...(line === '' ? [] : [line])]);
}

function lineBreak(): ReactNode[] {
  return [createElement('br'), '\n'];
}

function spaced(blocks: readonly ReactNode[][]): ReactNode[] {
  return blocks.flatMap((block, index) => (index > 0 ? ['\n', ...block] : block));
}

function framed(blocks: readonly ReactNode[][]): ReactNode[] {
  return blocks.length > 0 ? ['\n', ...spaced(blocks), '\n'] : ['\n'];
}

/** How a reference that leads nowhere was written. */
function referenceEnd({ referenceType, label, identifier }: Of<'linkReference'> | Of<'imageReference'>): string {
  if (referenceType === 'shortcut') return ']';
  return referenceType === 'collapsed' ? '][]' : `][${label || identifier}]`;
}

function imageText(description: string | null | undefined, url: string): string {
  const address = normalizeUri(url);
  return [description ?? '', address === '' ? '' : `(${address})`].filter((part) => part !== '').join(' ');
}

/** Blocks of blocks: `dir="auto"` looks past what has a direction of its own, so theirs is worked out here. */
function direction(nodes: readonly MarkdownNode[]): 'rtl' | 'ltr' {
  return rightToLeft.test(/\p{L}/u.exec(nodes.map(plainText).join(''))?.[0] ?? '') ? 'rtl' : 'ltr';
}

function plainText(node: MarkdownNode): string {
  return 'value' in node ? node.value : childrenOf(node).map(plainText).join('');
}
