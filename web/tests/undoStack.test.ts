import { afterEach, expect, test } from 'vitest';
import { pushUndoStep, rebaseUndoSteps, runUndo } from '@/features/task-editing/undoStack';

const undone: string[] = [];
const step = (name: string) => () => Promise.resolve(undone.push(name));

afterEach(() => {
  while (runUndo());
  undone.length = 0;
});

test('an empty stack has nothing to undo', () => {
  expect(runUndo()).toBe(false);
});

test('the latest step is undone first', () => {
  pushUndoStep(step('first'));
  pushUndoStep(step('second'));
  expect(runUndo()).toBe(true);
  expect(runUndo()).toBe(true);
  expect(undone).toEqual(['second', 'first']);
});

test('a step is undone out of order, and only once', () => {
  const first = pushUndoStep(step('first'));
  pushUndoStep(step('second'));
  expect(runUndo(first)).toBe(true);
  expect(runUndo(first)).toBe(false);
  expect(undone).toEqual(['first']);
});

test('the stack keeps the latest 50 steps', () => {
  for (let i = 0; i < 60; i += 1) pushUndoStep(step(String(i)));
  while (runUndo());
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
