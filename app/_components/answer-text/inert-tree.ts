import { linkAddress } from './link-address';

/** What this file needs of a hast or mdast node. */
export interface TreeNode {
  type: string;
  value?: unknown;
  tagName?: string;
  properties?: Record<string, unknown>;
  children?: TreeNode[];
}

/** Elements that stay, with the properties that stay on them. All else loses its tag and keeps its text. */
const kept: Readonly<Record<string, readonly string[]>> = {
  p: [],
  h1: [],
  h2: [],
  h3: [],
  h4: [],
  h5: [],
  h6: [],
  ul: [],
  ol: ['start'],
  li: [],
  blockquote: [],
  pre: [],
  code: [],
  em: [],
  strong: [],
  del: [],
  sup: [],
  br: [],
  hr: [],
  table: [],
  thead: [],
  tbody: [],
  tr: [],
  th: ['align'],
  td: ['align'],
};

/** A page heading stands above every answer: an answer's own headings start below it. */
const headings: Readonly<Record<string, string>> = { h1: 'h3', h2: 'h3', h3: 'h4', h4: 'h5', h5: 'h6', h6: 'h6' };

/** Blocks of text: the browser reads their direction from their first letter. */
const blocks = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'li', 'th', 'td']);

/** Blocks of blocks: `dir="auto"` looks past what has a direction of its own, so theirs is worked out here. */
const frames = new Set(['ul', 'ol', 'blockquote']);

/** Letters of scripts that run from right to left. */
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

const MAX_DEPTH = 32;

class TooDeepError extends Error {}

/** remark plugin: a line break in the source is a line break on the screen; Markdown alone would make it a blank. */
export function keepLineBreaks() {
  return (tree: TreeNode): void => breakLines(tree);
}

function breakLines(node: TreeNode): void {
  node.children = node.children?.flatMap((child): TreeNode[] => {
    if (child.type !== 'text' || typeof child.value !== 'string' || !child.value.includes('\n')) {
      breakLines(child);
      return [child];
    }
    return child.value
      .split('\n')
      .flatMap((line, index): TreeNode[] => [
        ...(index > 0 ? [{ type: 'break' }] : []),
        ...(line === '' ? [] : [{ type: 'text', value: line }]),
      ]);
  });
}

/**
 * rehype plugin: an allow-list. No element that loads, runs, submits or names anything is left: raw HTML becomes the text it
 * was written as, an image its description and address, a link `a` with a checked http(s) or mailto address or plain text.
 * @throws TooDeepError beyond `MAX_DEPTH` levels.
 */
export function makeInert() {
  return (tree: TreeNode): void => {
    tree.children = inertChildren(tree, 0);
  };
}

function inertChildren(node: TreeNode, depth: number): TreeNode[] {
  if (depth > MAX_DEPTH) throw new TooDeepError();
  return (node.children ?? []).flatMap((child) => inert(child, depth + 1));
}

function inert(node: TreeNode, depth: number): TreeNode[] {
  if (node.type === 'text') return [node];
  if (node.type === 'raw') return [text(String(node.value ?? ''))];
  if (node.type !== 'element') return [];
  const tag = node.tagName ?? '';
  const given = node.properties ?? {};
  if (tag === 'img') return [text(imageText(given))];
  if (tag === 'input') return [text(given.checked === true ? '☑ ' : '☐ ')];
  if (tag === 'a') return link(node, given, depth);
  if (tag === 'h2' && given.id === 'footnote-label') return [element('hr', {}, [])];
  const children = inertChildren(node, depth);
  const properties = kept[tag];
  if (properties === undefined) return children;
  const left: Record<string, unknown> = Object.fromEntries(properties.filter((name) => name in given).map((name) => [name, given[name]]));
  if (blocks.has(tag)) left.dir = 'auto';
  if (frames.has(tag)) left.dir = rightToLeft.test(/\p{L}/u.exec(plainText(node))?.[0] ?? '') ? 'rtl' : 'ltr';
  if (tag === 'pre') left.dir = 'ltr';
  return [element(headings[tag] ?? tag, left, children)];
}

function link(node: TreeNode, given: Record<string, unknown>, depth: number): TreeNode[] {
  const written = typeof given.href === 'string' ? given.href : '';
  if ('dataFootnoteBackref' in given) return [];
  const children = inertChildren(node, depth);
  if (written.startsWith('#')) return children;
  const address = linkAddress(written);
  if (address !== null) return [element('a', { href: address }, children)];
  return written === '' || plainText(node) === written ? children : [...children, text(` (${written})`)];
}

function imageText(given: Record<string, unknown>): string {
  const description = typeof given.alt === 'string' ? given.alt : '';
  const address = typeof given.src === 'string' ? given.src : '';
  return [description, address === '' ? '' : `(${address})`].filter((part) => part !== '').join(' ');
}

function plainText(node: TreeNode): string {
  return typeof node.value === 'string' ? node.value : (node.children ?? []).map(plainText).join('');
}

function text(value: string): TreeNode {
  return { type: 'text', value };
}

function element(tagName: string, properties: Record<string, unknown>, children: TreeNode[]): TreeNode {
  return { type: 'element', tagName, properties, children };
}
