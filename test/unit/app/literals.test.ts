import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const spoken = new Set(['aria-label', 'aria-description', 'title', 'placeholder', 'alt', 'label', 'hint', 'keyLabel']);
const letters = /\p{L}{2}/u;
/** Key caps are written as on the keyboard; code is code in every language. */
const sameEverywhere = new Set(['Enter', 'Esc', 'Tab', 'Backspace', 'Ctrl', 'Space']);
const codeElements = new Set(['code', 'kbd', 'pre']);

/** Words that a person would read and that no message key stands for. */
function literals(file: string, source: string): string[] {
  const found: string[] = [];
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const say = (node: ts.Node, text: string) => {
    if (!letters.test(text) || sameEverywhere.has(text.trim())) return;
    found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text.trim()}`);
  };
  const visit = (node: ts.Node, code: boolean): void => {
    let inCode = code;
    if (ts.isJsxElement(node)) inCode = code || codeElements.has(node.openingElement.tagName.getText());
    if (ts.isJsxText(node) && !inCode) say(node, node.text);
    if (
      ts.isJsxExpression(node) &&
      !ts.isJsxAttribute(node.parent) &&
      node.expression &&
      ts.isStringLiteralLike(node.expression) &&
      !inCode
    ) {
      say(node, node.expression.text);
    }
    if (ts.isJsxAttribute(node) && spoken.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer)) {
      say(node, node.initializer.text);
    }
    ts.forEachChild(node, (child) => visit(child, inCode));
  };
  visit(tree, false);
  return found;
}

describe('pages and components', () => {
  it('finds text, text in braces and spoken attributes; not code, keys and message calls', () => {
    const source = `export const X = () => <div title="Hello there">{t('a.key')}<p>Some words</p>{'more words'}<code>npm start</code><kbd>Enter</kbd><i className="ic">{n}</i></div>;`;
    expect(literals('x.tsx', source).map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      'Hello there',
      'Some words',
      'more words',
    ]);
  });

  it('hold no visible text of their own', () => {
    const files = readdirSync(path.join(root, 'app'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.tsx'))
      .map((file) => path.join('app', file));
    expect(files.length).toBeGreaterThan(40);
    expect(files.flatMap((file) => literals(file, readFileSync(path.join(root, file), 'utf8')))).toEqual([]);
  });
});
