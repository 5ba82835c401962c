import { beforeEach, expect, test } from 'vitest';
import { cache } from '@/apollo/client';
import { evictHiddenWindows, retainWindow } from '@/apollo/windowRetention';
import { FilterTasksDocument, SearchTasksDocument, TaskPageDocument } from '@/gql';

const page = (number: number) => ({ page: number, first: 100, order: 'NEWEST' as const, status: null });

function writePage(number: number): void {
  cache.writeQuery({
    query: TaskPageDocument,
    variables: page(number),
    data: { tasks: { __typename: 'TaskConnection', totalCount: 0, nodes: [] } },
  });
}
const isCached = (number: number) => cache.readQuery({ query: TaskPageDocument, variables: page(number) }) !== null;

const NO_MATCHES = {
  matches: {
    __typename: 'TaskMatchConnection' as const,
    nodes: [],
    pageInfo: { __typename: 'PageInfo' as const, hasNextPage: false, endCursor: null },
  },
};

beforeEach(evictHiddenWindows);

test('a window that left the screen is evicted when the list changes', () => {
  writePage(1);
  writePage(2);
  retainWindow(page(1))();
  const release = retainWindow(page(2));
  evictHiddenWindows();
  expect([isCached(1), isCached(2)]).toEqual([false, true]);
  release();
});

test('a window that two components show stays until both have released it', () => {
  writePage(3);
  const releases = [retainWindow(page(3)), retainWindow(page(3))];
  releases[0]?.();
  evictHiddenWindows();
  expect(isCached(3)).toBe(true);
  releases[1]?.();
  evictHiddenWindows();
  expect(isCached(3)).toBe(false);
});

test('the oldest of more than 40 windows are evicted when idle', async () => {
  for (let number = 1; number <= 45; number += 1) {
    writePage(number);
    retainWindow(page(number))();
  }
  await expect.poll(() => isCached(5)).toBe(false);
  expect([isCached(1), isCached(6), isCached(45)]).toEqual([false, true, true]);
});

test('a window of a search is evicted by its own arguments', () => {
  const variables = { query: 'letter', first: 100, after: null };
  cache.writeQuery({ query: SearchTasksDocument, variables, data: NO_MATCHES });
  retainWindow(variables)();
  evictHiddenWindows();
  expect(cache.readQuery({ query: SearchTasksDocument, variables })).toBeNull();
});

test('a window of a filter is evicted by its own arguments', () => {
  const filter = { status: null, priority: ['HIGH' as const], createdAt: null, expiresAt: null };
  const [shown, hidden] = [null, 'cursor'].map((after) => ({ filter, first: 100, after }));
  if (!shown || !hidden) throw new Error('unreachable');
  for (const variables of [shown, hidden]) {
    cache.writeQuery({ query: FilterTasksDocument, variables, data: NO_MATCHES });
  }
  const release = retainWindow(shown);
  retainWindow(hidden)();
  evictHiddenWindows();
  expect(cache.readQuery({ query: FilterTasksDocument, variables: shown })).not.toBeNull();
  expect(cache.readQuery({ query: FilterTasksDocument, variables: hidden })).toBeNull();
  release();
});
