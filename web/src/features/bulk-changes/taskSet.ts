/** A set of tasks that can be too large to hold their ids: a range of a view, without some tasks and with some others. */
import type { BulkTaskFragment, TaskFilter, TaskOrder, TaskStatus, TaskWhere } from '@/gql';

/** The tasks that a list shows. A search ignores `order`, `where` and `filter`. */
export interface TaskQuery {
  status: TaskStatus | null;
  order: TaskOrder;
  q: string;
  /** Contains the status too. */
  where: TaskWhere | null;
  /** Contains the status too. Its times are those of the moment at which the tasks were selected. */
  filter: TaskFilter | null;
}

/** Where a task stands in its list. */
export interface Position {
  time: string;
  id: string;
}

/** A run of consecutive tasks of a list. Without bounds, it is the whole list, including tasks that enter it later. */
export interface TaskRange {
  query: TaskQuery;
  bounds?: {
    /** The cursor of the task before the first one, or null at the start of the list. */
    after: string | null;
    first: Position;
    last: Position;
    /** The number of tasks when the range was selected. */
    count: number;
  };
}

export interface TaskSet {
  range: TaskRange | undefined;
  /** Tasks of the range that are not in the set. */
  excluded: ReadonlySet<string>;
  /** Tasks outside of the range that are in the set. */
  included: ReadonlySet<string>;
}

export type PlacedTask = Pick<BulkTaskFragment, 'id' | 'createdAt' | 'expiresAt'>;

export function positionOf({ id, createdAt, expiresAt }: PlacedTask, { order }: TaskQuery): Position {
  return { id, time: order === 'EXPIRING_SOON' ? (expiresAt ?? '') : createdAt };
}

/** Return a negative number if `a` precedes `b` in the list, and a positive one if `a` follows `b`. */
export function comparePositions(a: Position, b: Position, { order }: TaskQuery): number {
  const ascending = compare(a.time, b.time) || compare(a.id, b.id);
  return order === 'NEWEST' ? -ascending : ascending;
}

/** The API returns all times in one format and in UTC, so that their text has the order of the times. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

export function rangeContains({ query, bounds }: TaskRange, task: PlacedTask): boolean {
  if (!bounds) return true;
  const position = positionOf(task, query);
  return comparePositions(bounds.first, position, query) <= 0 && comparePositions(position, bounds.last, query) <= 0;
}

export function containsTask({ range, excluded, included }: TaskSet, task: PlacedTask): boolean {
  if (included.has(task.id)) return true;
  return range !== undefined && !excluded.has(task.id) && rangeContains(range, task);
}

/** Return the number of tasks in the set, or undefined if it is a whole list whose total is not known. */
export function countTasks({ range, excluded, included }: TaskSet, listTotal: number | undefined): number | undefined {
  if (!range) return included.size;
  const inRange = range.bounds ? range.bounds.count : listTotal;
  return inRange === undefined ? undefined : Math.max(inRange - excluded.size, 0) + included.size;
}
