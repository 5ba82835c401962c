import { describe, expect, test } from 'vitest';
import { countNewTasks, createNewTaskCounter, isNewer, MAX_COUNTED, type TaskKey } from '@/features/task-list/newTasks';

/** A task that was created at this second. */
function task(second: number): TaskKey {
  return { id: `id-${second}`, createdAt: new Date(second * 1_000).toISOString() };
}

function newest(...seconds: number[]): TaskKey[] {
  return seconds.sort((a, b) => b - a).map(task);
}

const NOBODY = new Set<string>();

describe('the order of tasks', () => {
  const at = (createdAt: string, id = 'a') => ({ id, createdAt });

  test('compares microseconds, and times without a fraction', () => {
    expect(isNewer(at('2026-01-01T00:00:00.000002Z'), at('2026-01-01T00:00:00.000001Z'))).toBe(true);
    expect(isNewer(at('2026-01-01T00:00:00.000001Z'), at('2026-01-01T00:00:00Z'))).toBe(true);
    expect(isNewer(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:00.000001Z'))).toBe(false);
    expect(isNewer(at('2026-01-01T00:00:01Z'), at('2026-01-01T00:00:00.999999+00:00'))).toBe(true);
  });

  test('compares the ids of tasks of the same time', () => {
    expect(isNewer(at('2026-01-01T00:00:00Z', 'b'), at('2026-01-01T00:00:00Z', 'a'))).toBe(true);
    expect(isNewer(at('2026-01-01T00:00:00Z', 'a'), at('2026-01-01T00:00:00Z', 'a'))).toBe(false);
  });
});

describe('the number of new tasks', () => {
  test('is that of the tasks above the one that was seen', () => {
    expect(countNewTasks(newest(1, 2, 3, 4), task(2), NOBODY)).toEqual({ count: 2, more: false });
    expect(countNewTasks([], task(2), NOBODY).count).toBe(0);
    expect(countNewTasks(newest(1, 2), undefined, NOBODY).count).toBe(0);
  });

  test('leaves out the tasks of this tab', () => {
    expect(countNewTasks(newest(1, 2, 3, 4), task(1), new Set(['id-2', 'id-4'])).count).toBe(1);
  });

  test('says that there are more if all compared tasks are new', () => {
    const tasks = newest(...Array.from({ length: MAX_COUNTED }, (_, i) => 10 + i));
    expect(countNewTasks(tasks, task(1), NOBODY)).toEqual({ count: MAX_COUNTED, more: true });
    expect(countNewTasks(tasks, task(1), new Set(['id-12']))).toEqual({ count: MAX_COUNTED - 1, more: true });
    expect(countNewTasks(tasks, task(10), NOBODY)).toEqual({ count: MAX_COUNTED - 1, more: false });
  });
});

describe('the counter', () => {
  test('begins with the newest task if the end of the list was not on screen', () => {
    const counter = createNewTaskCounter(NOBODY);
    expect(counter.hasSeen()).toBe(false);
    counter.setNewest(newest(1, 2));
    expect(counter.count.get().count).toBe(0);
    counter.setNewest(newest(1, 2, 3));
    expect(counter.count.get().count).toBe(1);
  });

  test('takes back a task that is deleted before it was seen', () => {
    const counter = createNewTaskCounter(NOBODY);
    counter.see(task(1));
    counter.setNewest(newest(1, 2, 3));
    expect(counter.count.get().count).toBe(2);
    counter.setNewest(newest(1, 2));
    expect(counter.count.get().count).toBe(1);
    counter.setNewest(newest(1));
    expect(counter.count.get().count).toBe(0);
  });

  test('does not count a task that is restored after it was seen', () => {
    const counter = createNewTaskCounter(NOBODY);
    counter.see(task(2));
    counter.setNewest(newest(1));
    counter.see(task(1));
    counter.setNewest(newest(1, 2));
    expect(counter.count.get().count).toBe(0);
  });

  test('ends when the person scrolls to the new tasks', () => {
    const counter = createNewTaskCounter(NOBODY);
    counter.see(task(1));
    counter.setNewest(newest(1, 2, 3));
    counter.see(task(3));
    expect(counter.count.get().count).toBe(0);
  });

  test('does not count a task that a concurrent writer added below a seen one', () => {
    const counter = createNewTaskCounter(NOBODY);
    expect(counter.countsAsNew(task(2))).toBe(false);
    counter.see(task(3));
    expect(counter.countsAsNew(task(2))).toBe(false);
    expect(counter.countsAsNew(task(4))).toBe(true);
  });
});
