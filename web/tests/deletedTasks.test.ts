import { expect, test } from 'vitest';
import { appendPage, deletionText, NOTHING_LOADED, removalText, withoutTasks } from '@/features/trash/deletedTasks';
import type { DeletedTaskFieldsFragment } from '@/gql';
import { taskRow } from './tasks';

const NOW = new Date('2026-11-27T12:00:00Z');

function deleted(id: string, expiresAt: string | null = null): DeletedTaskFieldsFragment {
  const task = taskRow({ id, expiresAt });
  return { __typename: 'DeletedTask', deletedAt: '2026-11-27T10:00:00Z', purgeAt: '2026-12-20T10:00:00Z', task };
}

const ids = ({ tasks }: { tasks: DeletedTaskFieldsFragment[] }) => tasks.map(({ task }) => task.id);

test('pages are appended, and a task that is there already is not repeated', () => {
  const first = appendPage(NOTHING_LOADED, { tasks: [deleted('a'), deleted('b')], endCursor: 'b', hasNextPage: true });
  const all = appendPage(first, { tasks: [deleted('b'), deleted('c')], endCursor: 'c', hasNextPage: false });
  expect(ids(all)).toEqual(['a', 'b', 'c']);
  expect(all).toMatchObject({ endCursor: 'c', hasNextPage: false });
});

test('an empty last page keeps the cursor', () => {
  const first = appendPage(NOTHING_LOADED, { tasks: [deleted('a')], endCursor: 'a', hasNextPage: true });
  expect(appendPage(first, { tasks: [], endCursor: null, hasNextPage: false }).endCursor).toBe('a');
});

test('restored tasks are removed', () => {
  const loaded = { tasks: ['a', 'b', 'c'].map((id) => deleted(id)), endCursor: 'c', hasNextPage: false };
  expect(ids(withoutTasks(loaded, ['a', 'c']))).toEqual(['b']);
});

test('times are relative and exact', () => {
  expect(deletionText(deleted('a'), NOW)).toMatchObject({ text: 'Deleted 2 hr. ago', iso: '2026-11-27T10:00:00Z' });
  expect(removalText(deleted('a'), NOW)).toMatchObject({ text: 'Purged in 23 days', iso: '2026-12-20T10:00:00Z' });
  expect(removalText(deleted('a'), NOW).exact).toMatch(/^Dec 20, 2026/);
});

test('a task that expires before it is purged shows its expiry', () => {
  expect(removalText(deleted('a', '2026-11-28T12:00:00Z'), NOW).text).toBe('Expires tomorrow');
  expect(removalText(deleted('a', '2027-11-28T12:00:00Z'), NOW).text).toBe('Purged in 23 days');
  expect(removalText(deleted('a', '2026-11-27T11:00:00Z'), NOW).text).toBe('Expires now');
});
