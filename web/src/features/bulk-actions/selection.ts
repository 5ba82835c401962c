/** Pure operations on the set of selected tasks, and on the rows of a range. */
import {
  containsTask,
  type PlacedTask,
  rangeContains,
  type TaskQuery,
  type TaskSet,
} from '@/features/bulk-changes/taskSet';

/** More tasks are changed without showing the result in advance, because that would hold up the page. */
export const MAX_OPTIMISTIC_TASKS = 100;
/** A range of more rows is held as the two tasks at its ends instead of as ids. */
const MAX_ROWS_AS_IDS = 1_000;

export const NO_TASKS: TaskSet = { range: undefined, excluded: new Set(), included: new Set() };

export function tasksWithIds(ids: string[]): TaskSet {
  return { ...NO_TASKS, included: new Set(ids) };
}

export function allTasks({ status, order, q, where, filter }: TaskQuery): TaskSet {
  return { ...NO_TASKS, range: { query: { status, order, q, where, filter } } };
}

export function toggleTask(selected: TaskSet, task: PlacedTask): TaskSet {
  return containsTask(selected, task) ? withoutTask(selected, task.id) : addTasks(selected, [task]);
}

function withoutTask({ range, excluded, included }: TaskSet, id: string): TaskSet {
  if (included.has(id)) return { range, excluded, included: new Set([...included].filter((other) => other !== id)) };
  return { range, excluded: new Set([...excluded, id]), included };
}

export function addTasks({ range, excluded, included }: TaskSet, tasks: PlacedTask[]): TaskSet {
  const next = { range, excluded: new Set(excluded), included: new Set(included) };
  for (const task of tasks) {
    if (!range || !rangeContains(range, task)) next.included.add(task.id);
    else next.excluded.delete(task.id);
  }
  return next;
}

/** Forget tasks that were selected one by one. */
export function removeIds(selected: TaskSet, ids: string[]): TaskSet {
  if (!ids.some((id) => selected.included.has(id))) return selected;
  const removed = new Set(ids);
  return { ...selected, included: new Set([...selected.included].filter((id) => !removed.has(id))) };
}

export function isEmpty({ range, included }: TaskSet): boolean {
  return range === undefined && included.size === 0;
}

/** Return the rows between two rows, both included, and whether they are few enough to hold the ids of their tasks. */
export function rowRange(pivot: number, row: number): { first: number; last: number; short: boolean } {
  const [first, last] = pivot < row ? [pivot, row] : [row, pivot];
  return { first, last, short: last - first < MAX_ROWS_AS_IDS };
}
