/** The tasks that were loaded in order to print them. Otherwise, the page prints what is on screen. */
import type { View } from '@/features/task-list/taskView';
import type { TaskRowFragment } from '@/gql';
import { createStore } from '@/ui/store';

export type PrintedRow = Pick<
  TaskRowFragment,
  'id' | 'title' | 'status' | 'priority' | 'createdAt' | 'expiresAt' | 'dueAt'
>;

/** Tasks of the view that was on screen when the person asked to print it. Another one may be on screen now. */
export interface LoadedTasks {
  rows: PrintedRow[];
  view: View;
  /** The number of tasks in the view, if it is known. */
  total: number | undefined;
  /** The address of the view. */
  address: string;
}

/** The number of tasks that can be printed at once. */
export const MAX_PRINTED_TASKS = 1_000;

export const loadedTasks = createStore<LoadedTasks | undefined>(undefined);
