import { afterEach, expect, test } from 'vitest';
import { trackChange } from '@/features/task-editing/pendingChanges';
import { pushUndoStep, rebaseUndoSteps, runUndo } from '@/features/task-editing/undoStack';

const undone: string[] = [];
const step = (name: string) => () => Promise.resolve(undone.push(name));

async function undoAll(): Promise<void> {
  while (await runUndo());
}

/** Start a change. Returns the function that makes the service answer, which first calls `onAnswer`. */
function startChange(onAnswer: () => void): () => void {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  void trackChange(answered.then(onAnswer));
  return answer;
}

afterEach(async () => {
  await undoAll();
  undone.length = 0;
});

test('an empty stack has nothing to undo', async () => {
  expect(await runUndo()).toBe(false);
});

test('the latest step is undone first', async () => {
  pushUndoStep(step('first'));
  pushUndoStep(step('second'));
  expect(await Promise.all([runUndo(), runUndo(), runUndo()])).toEqual([true, true, false]);
  expect(undone).toEqual(['second', 'first']);
});

test('a step is undone out of order, and only once', async () => {
  const first = pushUndoStep(step('first'));
  pushUndoStep(step('second'));
  expect(await runUndo(first)).toBe(true);
  expect(await runUndo(first)).toBe(false);
  expect(undone).toEqual(['first']);
});

test('the stack keeps the latest 50 steps', async () => {
  for (let i = 0; i < 60; i += 1) pushUndoStep(step(String(i)));
  await undoAll();
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

test('an undo waits for the change in flight, and expects the version that it creates', async () => {
  const expected = [{ id: 'a', expectedVersion: 2 }];
  const sent: (number | undefined)[] = [];
  const earlier = pushUndoStep(() => Promise.resolve(sent.push(expected[0]?.expectedVersion)), expected);
  const answer = startChange(() => rebaseUndoSteps('a', 2, 3));
  const undo = runUndo(earlier);
  await new Promise((resolve) => setTimeout(resolve));
  expect(sent).toEqual([]);
  answer();
  await undo;
  expect(sent).toEqual([3]);
});

test('an undo that is asked for during a change undoes that change', async () => {
  pushUndoStep(step('earlier'));
  const answer = startChange(() => pushUndoStep(step('in flight')));
  const undo = runUndo();
  answer();
  await undo;
  expect(undone).toEqual(['in flight']);
});

test('an undo that fails does not keep the next one from running', async () => {
  pushUndoStep(step('first'));
  pushUndoStep(() => Promise.reject(new Error('refused')));
  await expect(runUndo()).rejects.toThrow('refused');
  expect(await runUndo()).toBe(true);
  expect(undone).toEqual(['first']);
});
