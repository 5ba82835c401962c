import { describe, expect, test } from 'vitest';
import {
  acceptSavedChanges,
  baseValues,
  hasAllFields,
  optimisticPayload,
  overwriteInputs,
  undoInputs,
} from '@/features/task-editing/taskEdits';
import type { UpdateTasksMutation } from '@/gql';
import { task, taskRow } from './tasks';

type Results = UpdateTasksMutation['updateTasks']['results'];
const result = (fields: Partial<Results[number]>) =>
  ({ __typename: 'UpdateTasksResult', task: null, currentTask: null, userErrors: [], ...fields }) as Results[number];
const now = new Date('2026-02-01T00:00:00Z');

test('a row of the list does not have all fields', () => {
  expect([hasAllFields(task()), hasAllFields(taskRow()), hasAllFields(null)]).toEqual([true, false, false]);
});

test('the optimistic task has the new values and the next version', () => {
  const { results } = optimisticPayload([{ id: 'a', title: 'New' }], [task()], true, now);
  expect(results[0]?.task).toMatchObject({ title: 'New', version: 2, updatedAt: now.toISOString() });
});

test('the optimistic task has only the fields that the cache knows', () => {
  const { results } = optimisticPayload([{ id: 'a', description: 'New', status: 'DONE' }], [taskRow()], false, now);
  expect(results[0]?.task).toEqual({ ...taskRow(), status: 'DONE', version: 2 });
});

test('undo restores the previous values of the changed fields, and knows the values that it replaces', () => {
  const results = [result({ task: task({ title: 'New', version: 2 }) })];
  expect(undoInputs([task()], [{ id: 'a', title: ' New' }], results)).toEqual({
    inputs: [{ id: 'a', title: 'Write the letter', expectedVersion: 2 }],
    bases: [{ title: 'New' }],
  });
});

test('tasks that did not change need no undo', () => {
  const inputs = [{ id: 'a', status: 'TODO' as const }];
  const nothing = { inputs: [], bases: [] };
  expect(undoInputs([task()], inputs, [result({ task: task() })])).toEqual(nothing);
  expect(undoInputs([task()], inputs, [result({})])).toEqual(nothing);
  expect(undoInputs([null], inputs, [result({ task: task({ version: 2 }) })])).toEqual(nothing);
});

describe('the values that an edit builds on', () => {
  const noDraft = () => undefined;

  test('are those that the page shows', () => {
    expect(baseValues({ id: 'a', status: 'DONE' }, task(), noDraft)).toEqual({ status: 'TODO' });
    expect(baseValues({ id: 'a', title: 'New', expectedVersion: 1 }, task(), noDraft)).toEqual({
      title: 'Write the letter',
    });
  });

  test('are those of the draft, which may be older than what the page shows', () => {
    const draft = { text: 'New', version: 1, base: 'Old' };
    expect(baseValues({ id: 'a', title: 'New', expectedVersion: 1 }, task({ version: 2 }), () => draft)).toEqual({
      title: 'Old',
    });
  });

  test('are unknown if the page shows another version', () => {
    expect(baseValues({ id: 'a', title: 'New', expectedVersion: 1 }, task({ version: 2 }), noDraft)).toEqual({});
    expect(baseValues({ id: 'a', title: 'New', expectedVersion: 1 }, null, noDraft)).toEqual({});
  });
});

test('an overwrite expects the current versions of the tasks that conflicted', () => {
  const inputs = [
    { id: 'a', title: 'New', expectedVersion: 1 },
    { id: 'b', title: 'New', expectedVersion: 1 },
  ];
  const results = [result({ currentTask: task({ version: 5 }) }), result({ task: task({ id: 'b', version: 2 }) })];
  expect(overwriteInputs(inputs, results)).toEqual([{ id: 'a', title: 'New', expectedVersion: 5 }]);
});

test('a conflict with a version that has the wanted values is no conflict', () => {
  const userErrors = [
    { __typename: 'UserError' as const, message: 'The task has changed.', code: 'VERSION_CONFLICT' as const },
  ];
  const current = task({ title: 'New', expiresAt: '2027-01-01T18:00:00.000000Z', version: 2 });
  const results = [result({ currentTask: current, userErrors })];
  const same = { id: 'a', title: 'New', expiresAt: '2027-01-01T18:00:00.000Z', expectedVersion: 1 };
  expect(acceptSavedChanges([same], results)).toEqual([result({ currentTask: current, task: current })]);
  for (const other of [
    { ...same, title: 'Other' },
    { ...same, expiresAt: null },
    { ...same, status: 'DONE' as const },
  ])
    expect(acceptSavedChanges([other], results)).toEqual(results);
});
