import { afterEach, expect, test } from 'vitest';
import { trackUpdate, updatesSettled } from '@/features/task-editing/pendingUpdates';
import { pushUndoStep, rebaseUndoSteps, runUndo } from '@/features/task-editing/undoStack';

const undone: string[] = [];
const step = (name: string) => () => Promise.resolve(undone.push(name));

afterEach(async () => {
  while (runUndo());
  await updatesSettled();
  undone.length = 0;
});

test('an empty stack has nothing to undo', () => {
  expect(runUndo()).toBe(false);
});

test('the latest step is undone first', async () => {
  pushUndoStep(step('first'));
  pushUndoStep(step('second'));
  expect(runUndo()).toBe(true);
  expect(runUndo()).toBe(true);
  await updatesSettled();
  expect(undone).toEqual(['second', 'first']);
});

test('a step is undone out of order, and only once', async () => {
  const first = pushUndoStep(step('first'));
  pushUndoStep(step('second'));
  expect(runUndo(first)).toBe(true);
  expect(runUndo(first)).toBe(false);
  await updatesSettled();
  expect(undone).toEqual(['first']);
});

test('the stack keeps the latest 50 steps', async () => {
  for (let i = 0; i < 60; i += 1) pushUndoStep(step(String(i)));
  while (runUndo());
  await updatesSettled();
  expect(undone).toHaveLength(50);
  expect(undone.at(-1)).toBe('10');
});

test('earlier steps expect the version of a later own edit', () => {
  const expected = [
    { id: 'a', expectedVersion: 2 },
    { id: 'b', expectedVersion: 2 },
  ];
  pushUndoStep(step('edit'), expected);
  rebaseUndoSteps('a', 2, 3);
  expect(expected).toEqual([
    { id: 'a', expectedVersion: 3 },
    { id: 'b', expectedVersion: 2 },
  ]);
});

test('an undo waits for the update in flight, and expects the version that it creates', async () => {
  const expected = [{ id: 'a', expectedVersion: 2 }];
  const sent: (number | undefined)[] = [];
  pushUndoStep(() => Promise.resolve(sent.push(expected[0]?.expectedVersion)), expected);
  let answer = () => {};
  const update = new Promise<void>((resolve) => {
    answer = resolve;
  });
  void trackUpdate(update.then(() => rebaseUndoSteps('a', 2, 3)));
  runUndo();
  await Promise.resolve();
  expect(sent).toEqual([]);
  answer();
  await updatesSettled();
  expect(sent).toEqual([3]);
});
