import { expect, test } from 'vitest';
import {
  addTasks,
  allTasks,
  isEmpty,
  NO_TASKS,
  removeIds,
  rowRange,
  tasksWithIds,
  toggleTask,
} from '@/features/bulk-actions/selection';
import { containsTask, countTasks, type TaskQuery, type TaskRange } from '@/features/bulk-changes/taskSet';

const QUERY: TaskQuery = { status: null, order: 'NEWEST', q: '', where: null, filter: null };

/** A task that was created at this second. Higher is newer. */
function task(second: number) {
  const createdAt = `2026-11-27T08:00:${String(second).padStart(2, '0')}.000000+00:00`;
  return { id: `task ${second}`, createdAt, expiresAt: createdAt };
}

/** The tasks from one second to another, in the order of the list. */
function range(first: number, last: number, query = QUERY): TaskRange {
  const [start, end] = [first, last].map((second) => ({ id: `task ${second}`, time: task(second).createdAt }));
  if (!start || !end) throw new Error('unreachable');
  return { query, bounds: { after: null, first: start, last: end, count: Math.abs(last - first) + 1 } };
}

test('toggling a task adds it, then removes it', () => {
  const once = toggleTask(tasksWithIds(['task 1']), task(2));
  expect([...once.included]).toEqual(['task 1', 'task 2']);
  expect([...toggleTask(once, task(2)).included]).toEqual(['task 1']);
});

test('all tasks of a list are selected without their ids, except those that are toggled', () => {
  const selected = toggleTask(allTasks(QUERY), task(3));
  expect(containsTask(selected, task(3))).toBe(false);
  expect(containsTask(selected, task(4))).toBe(true);
  expect(countTasks(selected, 10_000_000)).toBe(9_999_999);
  expect(countTasks(toggleTask(selected, task(3)), 10_000_000)).toBe(10_000_000);
});

test('the matches of a search are not counted', () => {
  expect(countTasks(allTasks({ ...QUERY, q: 'letter' }), undefined)).toBeUndefined();
});

test.each([
  ['NEWEST', 30, 20],
  ['OLDEST', 20, 30],
  ['EXPIRING_SOON', 20, 30],
] as const)('a range in the order %s contains the tasks between its ends', (order, first, last) => {
  const selected = { ...NO_TASKS, range: range(first, last, { ...QUERY, order }) };
  const contained = [19, 20, 25, 30, 31].filter((second) => containsTask(selected, task(second)));
  expect(contained).toEqual([20, 25, 30]);
});

test('of two tasks of one time, the id decides', () => {
  const [a, b] = ['a', 'b'].map((id) => ({ ...task(20), id }));
  if (!a || !b) throw new Error('unreachable');
  const end = { id: 'a', time: a.createdAt };
  const newest = { ...NO_TASKS, range: { query: QUERY, bounds: { after: null, first: end, last: end, count: 1 } } };
  expect([containsTask(newest, a), containsTask(newest, b)]).toEqual([true, false]);
});

test('a task outside of the range is added by its id, and one inside is no longer left out', () => {
  const without = toggleTask({ ...NO_TASKS, range: range(30, 20) }, task(25));
  expect(countTasks(without, undefined)).toBe(10);
  const added = addTasks(without, [task(25), task(40)]);
  expect([...added.included]).toEqual(['task 40']);
  expect(countTasks(added, undefined)).toBe(12);
  expect(countTasks(addTasks(added, [task(25), task(40)]), undefined)).toBe(12);
});

test('removed ids are deselected', () => {
  expect([...removeIds(tasksWithIds(['a', 'b']), ['b', 'c']).included]).toEqual(['a']);
  const selected = tasksWithIds(['a']);
  expect(removeIds(selected, ['b'])).toBe(selected);
});

test('a selection is empty without ids and without a range', () => {
  expect([isEmpty(NO_TASKS), isEmpty(tasksWithIds(['a'])), isEmpty(allTasks(QUERY))]).toEqual([true, false, false]);
});

test('a range has its lower row first, and is short up to a thousand rows', () => {
  expect(rowRange(9, 4)).toEqual({ first: 4, last: 9, short: true });
  expect(rowRange(4, 9)).toEqual({ first: 4, last: 9, short: true });
  expect(rowRange(0, 999).short).toBe(true);
  expect(rowRange(0, 1_000).short).toBe(false);
});
