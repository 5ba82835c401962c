import { expect, test } from 'vitest';
import { FilterTasksDocument, SearchTasksDocument } from '@/gql';
import { LoadedRows } from '@/features/task-list/LoadedRows';
import type { View } from '@/features/task-list/taskView';
import { matchQuery, pageOfRow, pagesOfRows, pageVariables, sliceRange } from '@/features/task-list/windows';

const view: Pick<View, 'status' | 'order' | 'q' | 'where' | 'filter'> = {
  status: 'DONE',
  order: 'OLDEST',
  q: '',
  where: null,
  filter: null,
};
const ids = (page: number, count = 100) => Array.from({ length: count }, (_, i) => `task ${page * 100 + i}`);
const loaded = (page: number, count?: number) => ({ ids: ids(page, count), refetch: () => Promise.resolve() });

test('100 rows make a page', () => {
  expect([pageOfRow(0), pageOfRow(99), pageOfRow(100)]).toEqual([0, 0, 1]);
  expect(pagesOfRows(99, 300)).toEqual([0, 1, 2, 3]);
  expect(pagesOfRows(5, 6)).toEqual([0]);
});

test('the API counts pages from 1', () => {
  expect(pageVariables(view, 0)).toEqual({ page: 1, first: 100, order: 'OLDEST', status: 'DONE', where: null });
});

test('the values of a view contain its status', () => {
  const where = { status: 'DONE' as const, label: 'bug' };
  expect(pageVariables({ ...view, where }, 0)).toMatchObject({ status: null, where });
});

test('a search sends its words, its status and a cursor', () => {
  const search = { ...view, q: ' letter ', status: 'DONE' as const };
  const { query, variables } = matchQuery(search, 'cursor');
  expect(query).toBe(SearchTasksDocument);
  expect(variables).toEqual({ query: 'letter', first: 100, after: 'cursor', status: 'DONE' });
});

test('a filter sends its conditions and a cursor', () => {
  const filter = { status: 'DONE' as const, priority: ['HIGH' as const] };
  const { query, variables } = matchQuery({ ...view, filter }, 'cursor');
  expect(query).toBe(FilterTasksDocument);
  expect(variables).toEqual({ filter, first: 100, after: 'cursor' });
});

test('loaded rows are found by row and by id', () => {
  const rows = new LoadedRows();
  rows.set(2, loaded(2));
  expect(rows.idAt(205)).toBe('task 205');
  expect(rows.rowOf('task 205')).toBe(205);
  expect(rows.idAt(100)).toBeUndefined();
  expect(rows.rowOf('task 100')).toBeUndefined();
  expect(rows.idsOfPage(2)).toHaveLength(100);
  rows.delete(2);
  expect(rows.idAt(205)).toBeUndefined();
});

test('a refetch waits for every window, also if one fails', async () => {
  const rows = new LoadedRows();
  const fetched: number[] = [];
  rows.set(0, { ids: [], refetch: () => Promise.reject(new Error('offline')) });
  rows.set(1, { ids: [], refetch: () => Promise.resolve(fetched.push(1)) });
  await rows.refetch();
  expect(fetched).toEqual([1]);
});

test('a range across windows contains both its ends', () => {
  const range = sliceRange([ids(0), ids(1), ids(2)], 98, 201);
  expect(range).toHaveLength(104);
  expect([range[0], range.at(-1)]).toEqual(['task 98', 'task 201']);
});

test('a short window does not move the rows of the next one', () => {
  expect(sliceRange([ids(0, 99), ids(1)], 98, 100)).toEqual(['task 98', 'task 100']);
});
