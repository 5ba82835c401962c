import { expect, test } from 'vitest';
import { countsOfSearch } from '@/features/tasks-page/tabCounts';
import { formatTotal } from '@/ui/format';

const tasks = [{ status: 'TODO' as const }, { status: 'DONE' as const }, { status: 'TODO' as const }];

test('a search with few results has exact counts', () => {
  const exact = (count: number) => ({ count, exact: true });
  expect(countsOfSearch(tasks, false)).toEqual({
    ALL: exact(3),
    TODO: exact(2),
    IN_PROGRESS: exact(0),
    DONE: exact(1),
  });
});

test('the counts of a search with more results are lower bounds, and 0 says nothing', () => {
  const atLeast = (count: number) => ({ count, exact: false });
  expect(countsOfSearch(tasks, true)).toEqual({ ALL: atLeast(3), TODO: atLeast(2), DONE: atLeast(1) });
});

test('a lower bound has a plus', () => {
  expect(formatTotal({ count: 1_234, exact: true })).toBe('1,234');
  expect(formatTotal({ count: 100, exact: false })).toBe('100+');
});
