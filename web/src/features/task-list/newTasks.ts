/**
 * How many tasks are new: created after the newest task that has been on screen.
 *
 * The number follows from the newest tasks of the view, which are fetched again when it may have changed. Counting
 * events would go wrong whenever an event is missed, or its task is deleted or moved again.
 */
import { createStore } from '@/ui/store';

/** What the order by creation time compares. */
export interface TaskKey {
  id: string;
  createdAt: string;
}

/** How many of the newest tasks are compared. If more are new, the count has a plus sign. */
export const MAX_COUNTED = 100;

export interface NewTaskCount {
  count: number;
  /** Whether there are more new tasks than counted. */
  more: boolean;
}

const NONE: NewTaskCount = { count: 0, more: false };

/** Whether `a` comes before `b` in the order NEWEST. */
export function isNewer(a: TaskKey, b: TaskKey): boolean {
  const [timeA, timeB] = [withoutZone(a.createdAt), withoutZone(b.createdAt)];
  return timeA === timeB ? a.id > b.id : timeA > timeB;
}

/** Return the newer one of two keys. A task that was seen stays seen, even if it has been deleted since. */
function newerOf(a: TaskKey | undefined, b: TaskKey): TaskKey {
  return a && !isNewer(b, a) ? a : b;
}

/**
 * Count the tasks that are newer than `seen`, except the person's own.
 *
 * `newest` has the newest tasks of the view, the newest first, at most `MAX_COUNTED`. Nothing is new until a task has
 * been seen.
 */
export function countNewTasks(
  newest: readonly TaskKey[],
  seen: TaskKey | undefined,
  ownIds: ReadonlySet<string>,
): NewTaskCount {
  if (!seen) return NONE;
  const added = newest.filter((task) => isNewer(task, seen));
  const count = added.filter(({ id }) => !ownIds.has(id)).length;
  return { count, more: count > 0 && added.length === MAX_COUNTED };
}

/** The service writes times in UTC, and leaves out trailing zeros: then the shorter text sorts first, without the Z. */
function withoutZone(time: string): string {
  return time.replace(/(Z|\+00:00)$/, '');
}

export type NewTaskCounter = ReturnType<typeof createNewTaskCounter>;

/** Holds the number of new tasks of a view, from the task that was seen and the newest tasks. */
export function createNewTaskCounter(ownIds: ReadonlySet<string>) {
  const count = createStore(NONE);
  let seen: TaskKey | undefined;
  let newest: readonly TaskKey[] = [];
  const update = () =>
    count.set((current) => {
      const next = countNewTasks(newest, seen, ownIds);
      return next.count === current.count && next.more === current.more ? current : next;
    });
  return {
    count,
    /** Record that a task was on screen. */
    see: (task: TaskKey) => {
      seen = newerOf(seen, task);
      update();
    },
    /** Record the newest tasks of the view. If none was seen, the view begins with these tasks. */
    setNewest: (tasks: readonly TaskKey[]) => {
      newest = tasks;
      seen ??= tasks[0];
      update();
    },
    hasSeen: () => seen !== undefined,
    /** Whether a task would count as new. Tasks of concurrent writers can appear below a task that was seen. */
    countsAsNew: (task: TaskKey) => seen !== undefined && isNewer(task, seen),
  };
}
