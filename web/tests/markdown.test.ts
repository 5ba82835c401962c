import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { FormattedText } from '@/features/markdown/FormattedText';
import { hasMarkdown } from '@/features/markdown/hasMarkdown';
import { PlainText } from '@/features/markdown/PlainText';

/** The limit of the API. */
const MAX_CHARACTERS = 10_000;
const REL = 'target="_blank" rel="noopener noreferrer nofollow ugc"';

function render(text: string): string {
  return renderToStaticMarkup(createElement(FormattedText, { text }));
}

function plain(text: string): string {
  return renderToStaticMarkup(createElement(PlainText, { text }));
}

/** Return the address of each link in the rendered text. */
function links(text: string): string[] {
  return [...render(text).matchAll(/ href="([^"]*)"/g)].map(([, address = '']) => address.replaceAll('&amp;', '&'));
}

function textOf(html: string): string {
  return html.replace(/<[^>]*>/g, '');
}

describe('the subset of Markdown', () => {
  test.each([
    ['one\ntwo', '<p dir="auto">one<br/>two</p>'],
    ['one\n\ntwo', '<p dir="auto">one</p><p dir="auto">two</p>'],
    ['*a* **b** ~~c~~ `d`', '<p dir="auto"><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>'],
    ['# Large', '<h3 dir="auto">Large</h3>'],
    ['- a\n- b', '<ul dir="auto"><li>a</li><li>b</li></ul>'],
    ['3. a\n4. b', '<ol dir="auto" start="3"><li>a</li><li>b</li></ol>'],
    ['> a', '<blockquote dir="auto"><p>a</p></blockquote>'],
    ['```js\na < b\n```', '<pre dir="auto"><code>a &lt; b\n</code></pre>'],
    ['[a](https://x.org/b)', `<p dir="auto"><a href="https://x.org/b" ${REL}>a</a></p>`],
    ['see https://x.org/b.', `<p dir="auto">see <a href="https://x.org/b" ${REL}>https://x.org/b</a>.</p>`],
    ['me@x.org', `<p dir="auto"><a href="mailto:me@x.org" ${REL}>me@x.org</a></p>`],
    [
      '- [x] a\n- [ ] b',
      '<ul dir="auto"><li><input type="checkbox" disabled="" readOnly="" aria-label="Done" checked=""/>a</li>' +
        '<li><input type="checkbox" disabled="" readOnly="" aria-label="To do"/>b</li></ul>',
    ],
  ])('renders %j', (text, html) => {
    expect(render(text)).toBe(html);
  });

  test.each(['    indented', 'a\n---', 'a\n===', '| a | b |', 'Node.js', '&copy;', '[a]: b', 'a_b_c', '2 * 3'])(
    'keeps %j as it was typed',
    (text) => {
      expect(textOf(render(text)).replaceAll('&amp;', '&')).toBe(text.replace('\n', '').trim());
    },
  );

  test('text without syntax looks the same before the parser is loaded', () => {
    for (const text of ['one', ' one\n\n\ntwo ', 'a, b; c.\n\n\n\nd', 'مرحبا\n\nこんにちは', 'a & b "c"']) {
      expect(hasMarkdown(text)).toBe(false);
      expect(render(text)).toBe(plain(text));
    }
  });
});

describe('attacks', () => {
  test.each([
    '[a](javascript:alert(1))',
    '[a](JaVaScRiPt:alert(1))',
    '[a](java&#115;cript:alert(1))',
    '[a](javascript&colon;alert(1))',
    '[a](&#1;javascript:alert(1))',
    '[a](<java\tscript:alert(1)>)',
    '[a](\x01javascript:alert(1))',
    '[a](java\u0000script:alert(1))',
    '[a](%6aavascript:alert(1))',
    '[a](vbscript:msgbox(1))',
    '[a](data:text/html,<script>alert(1)</script>)',
    '[a](data:image/png;base64,AAAA)',
    '[a](blob:1)',
    '[a](file:///etc/passwd)',
    '[a](//x.org/b)',
    '[a](/graphql)',
    '[a](?task=1)',
    '<javascript:alert(1)>',
    '<data:text/html,a>',
    'javascript:alert(1)',
    'javascript://x.org/%0aalert(1)',
    'ftp://x.org/b',
    '//x.org/b',
    '[a][b]\n\n[b]: javascript:alert(1)',
  ])('%j is no link', (text) => {
    expect(links(text)).toEqual([]);
  });

  test('images and HTML stay text, so nothing is requested or run', () => {
    const html = render('![a](https://x.org/a.png) <img src=b.png onerror=alert(1)> <b>c</b>\n\n<script>d</script>');
    expect(html.match(/<\w+/g)).toEqual(['<p', '<a', '<p']);
    expect(textOf(html)).toContain('&lt;script&gt;d&lt;/script&gt;');
  });

  test('quotes and brackets in an address cannot leave its attribute', () => {
    expect(render('[a](https://x.org/"onmouseover="alert(1))')).not.toMatch(/"\s*onmouseover="/);
    expect(render('[a](https://x.org "b" onclick="c")')).not.toMatch(/<a[^>]* onclick/);
    expect(render('[a](https://x.org "onclick=b()")')).not.toContain('onclick');
  });

  test.each([
    ['https://аррӏе.com/', 'xn--80ak6aa92e.com'],
    ['[sign in](https://аррӏе.com/)', 'xn--80ak6aa92e.com'],
    ['[https://bank.com](https://evil.org)', 'evil.org'],
    ['[bank.com](https://evil.org)', 'evil.org'],
    ['[bank\u202e.com](https://evil.org)', 'evil.org'],
    ['[see bank.com](https://evil.org)', 'evil.org'],
    ['[https://bank.com/?evil.org](https://evil.org)', 'evil.org'],
    ['[bank.com](https://bank.com@evil.org)', 'evil.org'],
    ['[sign in](https://bank.com@evil.org)', 'evil.org'],
    ['[me@bank.com](mailto:me@evil.org)', 'me@evil.org'],
    ['[bank.com](mailto:me@evil.org)', 'me@evil.org'],
  ])('%j names its host', (text, target) => {
    expect(render(text)).toContain(`</a><bdi> (${target})</bdi>`);
  });

  test.each(['[docs](https://x.org)', '[x.org/a](https://x.org/b)', 'https://x.org:81/a', '[v1.2](https://x.org)'])(
    '%j needs no note',
    (text) => {
      expect(render(text)).not.toContain('<bdi>');
    },
  );

  test('the text of a link has no characters that change its direction', () => {
    expect(textOf(render('[a\u202eb\u2069](https://x.org)'))).toBe('ab');
    expect(textOf(render('https://x.org/%E2%80%AEgnp'))).toBe('https://x.org/%E2%80%AEgnp');
  });
});

const PATTERNS = [
  ...['>', '> ', '[', ']', '*', '_', '`', '~', '<', '(', '!', '\\', '#', '\t', '\0', '"', '&', '😀', '\u202e', '‮['],
  ...[
    '[a](',
    '![[',
    '*a ',
    '*a_',
    '**a ',
    '~~a ',
    '*_',
    'a**b',
    '](a)',
    '[a](<',
    '[a](b "',
    '<http:',
    '&amp;',
    '- ',
    '1. ',
  ],
  ...[
    '> 1. - ',
    '- [ ] ',
    '- a\n',
    '> a\n',
    '```\n',
    '# a\n',
    'a\n',
    '-\n',
    '\n',
    '`` ` ',
    'http://',
    'http://a.b ',
    'a@b.cd ',
  ],
  ...[
    'https://аррӏе.com ',
    '[a.b](https://c.d) ',
    'mailto:',
    '**a** ',
    '`a` ',
    '* a\n  ',
    'http://a"\'',
    'a@',
    '"\'',
    'www.',
  ],
];
const NESTED = [
  (depth: number) => '*a '.repeat(depth) + ' a*'.repeat(depth),
  (depth: number) => '['.repeat(depth) + 'a' + '](https://x.org)'.repeat(depth / 5),
  (depth: number) => Array.from({ length: depth / 15 }, (_, i) => `${'  '.repeat(i)}- a`).join('\n'),
  (depth: number) => `[a](${'('.repeat(depth)}`,
];

describe('a text of the greatest length', () => {
  const texts = [
    ...PATTERNS.map((pattern) => pattern.repeat(MAX_CHARACTERS / pattern.length)),
    ...PATTERNS.map((pattern) => `${pattern.repeat(MAX_CHARACTERS / pattern.length - 1)}\n\na *b*`),
    ...NESTED.map((nest) => nest(MAX_CHARACTERS / 6)),
  ];

  test.each(texts.map((text) => [text.slice(0, 12), text] as const))(
    '%j keeps its letters, in few elements',
    (_, text) => {
      const html = render(text);
      expect(html.match(/<\w/g)?.length ?? 0).toBeLessThan(5_000);
      // An address is not shown if a link has another text.
      const shown = text.replace(/\]\([^)\n]*\)?|mailto:/g, '');
      const letters = (kept: string) => kept.match(/[a-z]/g)?.length ?? 0;
      expect(letters(textOf(html).replace(/&\w+;/g, ''))).toBeGreaterThanOrEqual(
        letters(shown.replaceAll('&amp;', '')),
      );
    },
  );
});
