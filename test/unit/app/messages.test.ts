import { createTranslator } from 'use-intl/core';
import { describe, expect, it } from 'vitest';
import { locales } from '../../../app/_i18n/locales';
import { messages } from '../../../app/_i18n/messages';

type Tree = { readonly [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

/** Index of the brace that closes the one at `open`. */
function closing(message: string, open: number): number {
  let depth = 0;
  for (let at = open; at < message.length; at += 1) {
    if (message[at] === '{') depth += 1;
    if (message[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`a brace is not closed: ${message}`);
}

/** Names of the arguments and tags of an ICU message. The branches of a plural are messages of their own; quoted braces are text. */
function placeholders(message: string): string[] {
  const bare = message.replaceAll(/'[{}<>][^']*'/g, '');
  const found = new Set<string>();
  for (const match of bare.matchAll(/<([a-zA-Z]+)>/g)) found.add(`<${match[1]}>`);
  for (let open = bare.indexOf('{'); open >= 0; open = bare.indexOf('{', closing(bare, open))) {
    const inside = bare.slice(open + 1, closing(bare, open));
    const [name = '', , ...branches] = inside.split(',');
    found.add(name.trim());
    const rest = branches.join(',');
    for (let at = rest.indexOf('{'); at >= 0; at = rest.indexOf('{', closing(rest, at))) {
      for (const inner of placeholders(rest.slice(at + 1, closing(rest, at)))) found.add(inner);
    }
  }
  return [...found].sort();
}

const english = flatten(messages.en);

describe('messages', () => {
  it('reads placeholders: arguments, branches, tags, not quoted braces', () => {
    expect(placeholders(`{n, plural, one {# is of {total}} other {<b>{name}</b> are}} '{'"x"'}'`)).toEqual(['<b>', 'n', 'name', 'total']);
  });

  it('stand in every language with the same keys', () => {
    for (const locale of locales) expect([...flatten(messages[locale]).keys()].sort(), locale).toEqual([...english.keys()].sort());
    expect(english.size).toBeGreaterThan(300);
  });

  it('take the same placeholders in every language', () => {
    for (const locale of locales) {
      for (const [key, text] of flatten(messages[locale])) {
        const original = english.get(key) ?? '';
        // A language without plurals may leave out what English only needs to choose "is" or "are".
        const needed = placeholders(original).filter((name) => placeholders(text).includes(name) || !original.includes(`{${name}, plural`));
        expect(placeholders(text), `${locale} ${key}`).toEqual(needed);
      }
    }
  });

  it('are never empty, and can be formatted', () => {
    for (const locale of locales) {
      const t = createTranslator({
        locale,
        messages: messages[locale],
        onError: (error) => {
          throw error;
        },
      });
      for (const [key, text] of flatten(messages[locale])) {
        if (english.get(key) !== '') expect(text.trim(), `${locale} ${key}`).not.toBe('');
        const values: Record<string, unknown> = {};
        for (const name of placeholders(text)) {
          if (name.startsWith('<')) values[name.slice(1, -1)] = (inner: unknown) => inner;
          else values[name] = 3;
        }
        const rich = t.rich as (key: string, values: Record<string, unknown>) => unknown;
        expect(() => rich(key, values), `${locale} ${key}`).not.toThrow();
      }
    }
  });

  it('are Chinese where they say so', () => {
    const untranslated = [...flatten(messages['zh-CN'])].filter(
      ([key, text]) => text === english.get(key) && /\p{Script=Latin}{3}/u.test(text.replaceAll(/\{[^}]*\}|<[^>]*>/g, '')),
    );
    // Names, units and key caps are the same in both.
    expect(untranslated.map(([key]) => key).filter((key) => !/(brand|device|score\.kl|keys?\.)/.test(key))).toEqual([]);
  });
});
