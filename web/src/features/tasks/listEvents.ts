/** What one part of the page tells the others: that the list is not what is shown, and which tasks are of our own making. */
import type { TaskFieldsFragment } from '@/gql';
import { createStore } from '@/ui/store';

/** Goes up when the rows on screen may no longer be those of the service. */
export const staleness = createStore(0);

export function listChanged(): void {
  staleness.set((now) => now + 1);
}

/** The task that somebody else has just created. */
export const arrival = createStore<TaskFieldsFragment | undefined>(undefined);

/** Ids of the tasks that this tab has created: they are shown, and not announced as new. */
export const ownTasks = new Set<string>();

/** The task that was just created here: the list goes to it. */
export const created = createStore<Pick<TaskFieldsFragment, 'id' | 'status' | 'expiresAt'> | undefined>(undefined);
