/** The edit that conflicts with a newer version of its task. A dialog asks which version to keep. */
import type { TaskFieldsFragment, UpdateTaskInput } from '@/gql';
import { createStore } from '@/ui/store';

export interface EditConflict {
  mine: UpdateTaskInput;
  theirs: TaskFieldsFragment;
}

export const editConflict = createStore<EditConflict | undefined>(undefined);
