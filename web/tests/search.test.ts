import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { splitByMatches } from '@/features/search/matches';
import { parseQuery } from '@/features/search/searchQuery';
import { wordsIn } from '@/features/search/words';

interface Examples {
  words: Record<string, string>;
  matches: { text: string; query: string; marks: string[] }[];
}

const examples = JSON.parse(
  readFileSync(new URL('../../tests/unit/db/word_examples.json', import.meta.url), 'utf8'),
) as Examples;

describe('words are those of the service', () => {
  test.each(Object.entries(examples.words))('%j', (text, words) => {
    expect(wordsIn(text).map((word) => word.text)).toEqual(words.split(' ').filter(Boolean));
  });

  test('their places are those in the text', () => {
    const places = wordsIn('Größe, 任务').map(({ characters }) => [characters[0]?.start, characters.at(-1)?.end]);
    expect(places).toEqual([
      [0, 5],
      [7, 9],
    ]);
  });
});

describe('matches', () => {
  test.each(examples.matches)('of $query in $text', ({ text, query, marks }) => {
    const parts = splitByMatches(text, parseQuery(query).terms);
    expect(parts.filter(({ matched }) => matched).map((part) => part.text)).toEqual(marks);
    expect(parts.map((part) => part.text).join('')).toBe(text);
  });

  test('a text without a search is one part', () => {
    expect(splitByMatches('Write', [])).toEqual([{ text: 'Write', matched: false }]);
    expect(splitByMatches('', parseQuery('x').terms)).toEqual([]);
  });
});

describe('a query', () => {
  test('within the limits is sent unchanged', () => {
    expect(parseQuery(' write "the report" ')).toMatchObject({ text: 'write "the report"', cut: undefined });
  });

  test('with more than ten words and phrases ends after the tenth', () => {
    expect(parseQuery('a b c d e f g h i j k l')).toMatchObject({ text: 'a b c d e f g h i j', cut: 'words' });
    expect(parseQuery('a-b-c-d-e-f-g-h-"i x"-j-k')).toMatchObject({ text: 'a-b-c-d-e-f-g-h-"i x"-j-', cut: 'words' });
    expect(parseQuery('a b c d e f g h i "j k" "l m"')).toMatchObject({
      text: 'a b c d e f g h i "j k"',
      cut: 'words',
    });
    expect(parseQuery('a b c d e f g h i j !?')).toMatchObject({ cut: undefined });
  });

  test('with more than 200 characters ends after them', () => {
    expect(parseQuery('🎉'.repeat(201))).toMatchObject({ text: '🎉'.repeat(200), cut: 'characters' });
    expect(parseQuery('x'.repeat(200) + ' ')).toMatchObject({ text: 'x'.repeat(200), cut: undefined });
  });

  test('without a word is not sent', () => {
    for (const query of ['', '!?', '"" " "', '...', '   ']) expect(parseQuery(query).text).toBe('');
  });

  test('is sent without what the service rejects', () => {
    expect(parseQuery('a\0b\ud800c').text).toBe('a b c');
  });
});
