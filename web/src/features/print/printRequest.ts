/** The tasks that were loaded in order to print them. Otherwise, the page prints what is on screen. */
import type { TaskRowFragment } from '@/gql';
import { createStore } from '@/ui/store';

export type PrintedRow = Pick<TaskRowFragment, 'id' | 'title' | 'status' | 'priority' | 'createdAt' | 'expiresAt'>;

/** The number of tasks that can be printed at once. */
export const MAX_PRINTED_TASKS = 1_000;

export const loadedRows = createStore<PrintedRow[] | undefined>(undefined);
