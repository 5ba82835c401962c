import { describe, expect, test } from 'vitest';
import { diffText, mergeTexts } from '@/features/edit-conflict/textDiff';

const marked = (before: string, after: string) =>
  diffText(before, after)
    .map(({ kind, text }) => ({ same: text, added: `{+${text}+}`, removed: `[-${text}-]` })[kind])
    .join('');

describe('a comparison', () => {
  test('marks added and removed words', () => {
    expect(marked('Write the letter', 'Write two letters')).toBe('Write [-the letter-]{+two letters+}');
    expect(marked('Write', 'Write')).toBe('Write');
    expect(marked('', 'Write')).toBe('{+Write+}');
  });

  test('keeps line breaks and indents', () => {
    expect(marked('milk\neggs\n', 'milk\n\n  bread\neggs\n')).toBe('milk\n{+\n  bread\n+}eggs\n');
  });

  test('finds words in languages without spaces', () => {
    expect(marked('手紙を書く', '手紙を読む')).toBe('手紙を[-書く-]{+読む+}');
  });

  test('contains both texts in full, also if they are long and have nothing in common', () => {
    const [before, after] = ['a', 'b'].map((letter) =>
      Array.from({ length: 2_000 }, (_, i) => `${letter}${i}`).join(' '),
    ) as [string, string];
    const parts = diffText(before, after);
    const without = (kind: string) =>
      parts
        .filter((part) => part.kind !== kind)
        .map(({ text }) => text)
        .join('');
    expect([without('added'), without('removed')]).toEqual([before, after]);
  });
});

describe('a merged text', () => {
  test('has the changes of both sides', () => {
    expect(mergeTexts('Buy milk', 'Buy milk and eggs', 'Buy fresh milk')).toBe('Buy fresh milk and eggs');
    expect(mergeTexts('One\nTwo\nThree', 'One\nThree', 'One\nTwo\nThree\nFour')).toBe('One\nThree\nFour');
  });

  test('has both words where both sides replaced one', () => {
    expect(mergeTexts('Buy milk today', 'Buy cheese today', 'Buy cream today')).toBe('Buy cream cheese today');
  });

  test('has a change that both sides made once', () => {
    expect(mergeTexts('Buy milk', 'Buy two milk', 'Buy two milk')).toBe('Buy two milk');
  });

  test('leaves nothing out if the text at the start is unknown', () => {
    expect(mergeTexts(undefined, 'Buy milk and eggs', 'Buy fresh milk')).toBe('Buy fresh milk and eggs');
    expect(mergeTexts(undefined, 'Mine', 'Theirs')).toBe('Theirs Mine');
  });
});
