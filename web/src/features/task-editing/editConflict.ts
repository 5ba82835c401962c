/** The edit that met a newer version of its task: shown in a dialog, where one of the two is chosen. */
import type { TaskFieldsFragment, UpdateTaskInput } from '@/gql';
import { createStore } from '@/ui/store';

export interface Conflict {
  /** What was to be changed. */
  mine: UpdateTaskInput;
  /** The task as it is. */
  theirs: TaskFieldsFragment;
}

export const conflict = createStore<Conflict | undefined>(undefined);
