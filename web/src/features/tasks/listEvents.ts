/** Events between the parts of the page that change tasks and the list that shows them. */
import type { TaskFieldsFragment } from '@/gql';
import { createStore } from '@/ui/store';

/** A counter that increases when the rows on screen may differ from the service's. The list then refetches. */
export const listVersion = createStore(0);

export function invalidateList(): void {
  listVersion.set((current) => current + 1);
}

/** A counter that increases when tasks have changed, by anyone. */
export const tasksChanged = createStore(0);

export function noteTasksChanged(): void {
  tasksChanged.set((current) => current + 1);
}

/** A field whose change can move a task into a list or out of it. */
export const PLACING_FIELDS = ['status', 'priority', 'expiresAt', 'listId', 'assignee', 'labels', 'dueAt'] as const;

export type PlacingField = (typeof PLACING_FIELDS)[number];

/** The latest task that another tab or person created. The list counts it as new. */
export const taskCreatedElsewhere = createStore<TaskFieldsFragment | undefined>(undefined);

/** The latest task that this tab created, and `userActions` when it was submitted. The list scrolls to it. */
export const taskCreatedHere = createStore<{ task: TaskFieldsFragment; actions: number } | undefined>(undefined);

/** The ids of all tasks that this tab created. Their events do not count as new tasks. */
export const idsCreatedHere = new Set<string>();
