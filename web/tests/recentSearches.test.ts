import { expect, test } from 'vitest';
import { addSearch, parseSearches } from '@/features/search/recentSearches';

test('the newest search comes first, and ten are kept', () => {
  const searches = 'abcdefghijkl'.split('').reduce<readonly string[]>(addSearch, []);
  expect(searches).toEqual('lkjihgfedc'.split(''));
});

test('the same words are kept once, as they were typed last', () => {
  expect(addSearch(['milk', 'Café'], ' CAFE ')).toEqual(['CAFE', 'milk']);
});

test('a text without a word is no search', () => {
  expect(addSearch(['milk'], '!?')).toEqual(['milk']);
});

test('what cannot be read from the storage is ignored', () => {
  expect(parseSearches(null)).toEqual([]);
  expect(parseSearches('{"a":')).toEqual([]);
  expect(parseSearches('{"a": 1}')).toEqual([]);
  expect(parseSearches('["milk", 1, "", "milk", null, "tea"]')).toEqual(['milk', 'tea']);
});
