import { afterEach, expect, test, vi } from 'vitest';
import { trackChange } from '@/features/task-editing/pendingChanges';
import {
  changeHistory,
  type ChangeOrigin,
  keepForRetry,
  rebaseUndoSteps,
  recordChange,
  redoUpTo,
  runRedo,
  runUndo,
  undoUpTo,
  type UndoStep,
} from '@/features/task-editing/undoStack';

const undone: string[] = [];
const step = (name: string) => () => Promise.resolve(undone.push(name));

function pushUndoStep(revert: UndoStep['revert'], expected: UndoStep['expected'] = []): UndoStep {
  return recordChange({ origin: 'change', label: '' }, revert, expected);
}

/** Make a change whose undo and redo record themselves, as mutations do. */
function change(label: string, origin: ChangeOrigin = 'change'): UndoStep {
  undone.push(`${origin} ${label}`);
  return recordChange({ origin, label }, (record) => Promise.resolve(change(record.label, record.origin)));
}

const labels = () => {
  const { done, undone: redoable } = changeHistory.get();
  return { done: done.map(({ label }) => label), undone: redoable.map(({ label }) => label) };
};

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
  await runUndo();
  changeHistory.set({ done: [], undone: [] });
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

test('redo repeats the changes that were undone, the latest undone first', async () => {
  for (const name of ['a', 'b', 'c']) change(name);
  await runUndo();
  await runUndo();
  expect(labels()).toEqual({ done: ['a'], undone: ['c', 'b'] });
  expect(await Promise.all([runRedo(), runRedo(), runRedo()])).toEqual([true, true, false]);
  expect(labels()).toEqual({ done: ['a', 'b', 'c'], undone: [] });
  expect(undone.slice(3)).toEqual(['undo c', 'undo b', 'redo b', 'redo c']);
});

test('a new change clears what can be redone, and a redo does not', async () => {
  for (const name of ['a', 'b']) change(name);
  await runUndo();
  await runUndo();
  await runRedo();
  expect(labels()).toEqual({ done: ['a'], undone: ['b'] });
  change('c');
  expect(labels()).toEqual({ done: ['a', 'c'], undone: [] });
  expect(await runRedo()).toBe(false);
});

test('undo and redo go up to a point of the history', async () => {
  const [, second] = ['a', 'b', 'c', 'd'].map((name) => change(name));
  if (second) await undoUpTo(second);
  expect(labels()).toEqual({ done: ['a'], undone: ['d', 'c', 'b'] });
  const third = changeHistory.get().undone[1];
  if (third) await redoUpTo(third);
  expect(labels()).toEqual({ done: ['a', 'b', 'c'], undone: ['d'] });
});

test('undo up to a point stops at a change that cannot be undone', async () => {
  const first = change('a');
  pushUndoStep(() => Promise.resolve(false));
  change('c');
  await undoUpTo(first);
  expect(labels()).toEqual({ done: ['a'], undone: ['c'] });
});

test('undo and redo that are asked for at once run in this order', async () => {
  change('a');
  expect(await Promise.all([runUndo(), runRedo(), runUndo()])).toEqual([true, true, true]);
  expect(labels()).toEqual({ done: [], undone: ['a'] });
});

test('a step that was undone expects the version of a later own edit', async () => {
  const expected = [{ id: 'a', expectedVersion: 2 }];
  pushUndoStep(() => Promise.resolve(recordChange({ origin: 'undo', label: '' }, step('redo'), expected)));
  await runUndo();
  rebaseUndoSteps('a', 2, 3);
  expect(expected).toEqual([{ id: 'a', expectedVersion: 3 }]);
});

test('a step whose undo did not arrive stays in the history, and can be tried again', async () => {
  let retry = () => {};
  let arrives = false;
  change('first');
  recordChange({ origin: 'change', label: 'second' }, (record) => {
    if (arrives) change(record.label, record.origin);
    else retry = keepForRetry(record);
    return Promise.resolve();
  });
  await runUndo();
  expect(labels()).toEqual({ done: ['first', 'second'], undone: [] });
  arrives = true;
  retry();
  await vi.waitFor(() => expect(labels()).toEqual({ done: ['first'], undone: ['second'] }));
});

test('a change that is no undo is tried again as it was', () => {
  const again = () => {};
  expect(keepForRetry({ origin: 'change', label: '' }, again)).toBe(again);
});
