import { expect, test } from 'vitest';
import {
  editItem,
  inverse,
  needsChange,
  sortUpdateResults,
  updateInput,
  updateItem,
} from '@/features/bulk-changes/bulkItem';
import { BulkLog, packIds, unpackIds } from '@/features/bulk-changes/bulkLog';
import type { BulkTaskFragment } from '@/gql';

const TASK: BulkTaskFragment = {
  __typename: 'Task',
  id: '0190b0c0-0000-7000-8000-00000000abcd',
  createdAt: '2026-11-27T08:00:00.000000+00:00',
  version: 4,
  status: 'TODO',
  priority: 'LOW',
  expiresAt: null,
  dueAt: null,
  assignee: null,
  labels: ['home'],
  listId: null,
};
const ITEM = updateItem(TASK, { status: 'DONE' });

function conflict(current: Partial<BulkTaskFragment>, resent = false) {
  const userErrors = [
    { __typename: 'UserError' as const, code: 'VERSION_CONFLICT' as const, message: 'Another version.' },
  ];
  const result = {
    __typename: 'UpdateTasksResult' as const,
    task: null,
    currentTask: { ...TASK, ...current },
    userErrors,
  };
  return sortUpdateResults([ITEM], [result], resent);
}

function saved(savedVersion: number) {
  const task = { __typename: 'Task' as const, id: TASK.id, savedVersion };
  const result = { __typename: 'UpdateTasksResult' as const, task, currentTask: null, userErrors: [] };
  return sortUpdateResults([ITEM], [result], false);
}

test('a change expects the version that was read', () => {
  expect(updateInput(ITEM)).toEqual({ id: TASK.id, expectedVersion: 4, status: 'DONE' });
});

test('a task with the wanted values needs no change', () => {
  expect(needsChange(ITEM)).toBe(true);
  expect(needsChange(updateItem(TASK, { status: 'TODO' }))).toBe(false);
  expect(needsChange(updateItem(TASK, { expiresAt: null }))).toBe(false);
  const expiring = { ...TASK, expiresAt: '2027-01-01T00:00:00.000000+00:00' };
  expect(needsChange(updateItem(expiring, { expiresAt: '2027-01-01T01:00:00+01:00' }))).toBe(false);
});

test('a changed task has its new version, and its inverse restores the old value', () => {
  const [changed] = saved(5).changed;
  expect(changed && updateInput(inverse(changed))).toEqual({ id: TASK.id, expectedVersion: 5, status: 'TODO' });
});

test('a task that was left unchanged cannot be undone', () => {
  expect(saved(4)).toEqual({ changed: [], retry: [], failures: [] });
});

test('a task whose other fields have changed is sent again', () => {
  expect(conflict({ version: 7, priority: 'HIGH' }).retry).toEqual([{ ...ITEM, version: 7 }]);
});

test('a change of the same field by someone else is a conflict', () => {
  expect(conflict({ version: 5, status: 'IN_PROGRESS' }).failures).toEqual(['Someone else changed the same field.']);
});

test('the wanted value by someone else is neither a conflict nor an own change', () => {
  expect(conflict({ version: 5, status: 'DONE' })).toEqual({ changed: [], retry: [], failures: [] });
});

test('after a lost answer, the wanted value at the next version is the own change', () => {
  expect(conflict({ version: 5, status: 'DONE' }, true).changed).toEqual([{ ...ITEM, version: 5 }]);
  expect(conflict({ version: 6, status: 'DONE' }, true).changed).toEqual([]);
});

test('a missing task is reported with the reason of the service', () => {
  const userErrors = [{ __typename: 'UserError' as const, code: 'NOT_FOUND' as const, message: 'No such task.' }];
  const result = { __typename: 'UpdateTasksResult' as const, task: null, currentTask: null, userErrors };
  expect(sortUpdateResults([ITEM], [result], false).failures).toEqual(['No such task.']);
});

test('ids survive packing', () => {
  const ids = [TASK.id, '0190b0c0-ffff-7fff-bfff-0123456789ab'];
  expect(unpackIds(packIds(ids))).toEqual(ids);
});

test('the log returns what was appended, batch by batch', () => {
  const log = new BulkLog();
  log.append([ITEM, { ...ITEM, version: 9 }]);
  log.append([]);
  log.append([{ ...ITEM, before: { status: 'IN_PROGRESS' } }]);
  expect(log.count).toBe(3);
  expect([...log.batches()]).toEqual([
    [ITEM, { ...ITEM, version: 9 }],
    [{ ...ITEM, before: { status: 'IN_PROGRESS' } }],
  ]);
});

test('labels are added to the labels that a task has now', () => {
  const item = editItem(TASK, { kind: 'labels', labels: { add: ['bug'], remove: ['home'] } });
  expect(updateInput(item)).toEqual({ id: TASK.id, expectedVersion: 4, labels: ['bug'] });
  const userErrors = [{ __typename: 'UserError' as const, code: 'VERSION_CONFLICT' as const, message: '' }];
  const after = (labels: string[]) =>
    sortUpdateResults(
      [item],
      [
        {
          __typename: 'UpdateTasksResult' as const,
          task: null,
          currentTask: { ...TASK, version: 7, labels },
          userErrors,
        },
      ],
      false,
    );
  const [again] = after(['home', 'new']).retry;
  expect(again && updateInput(again)).toEqual({ id: TASK.id, expectedVersion: 7, labels: ['new', 'bug'] });
  expect(after(['bug'])).toEqual({ changed: [], retry: [], failures: [] });
  expect(inverse(item)).toMatchObject({ before: { labels: ['bug'] }, after: { labels: ['home'] } });
});
