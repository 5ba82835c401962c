/** The edits of fields that someone else has changed too. A dialog asks for each which value to keep. */
import type { TaskFieldsFragment, UpdateTaskInput } from '@/gql';
import { createStore } from '@/ui/store';
import { type BaseValues, editedFields } from './fieldConflicts';
import type { MutationOptions } from './mutationResults';

export interface EditConflict {
  mine: UpdateTaskInput;
  /** The values when the person started the edit. */
  base: BaseValues;
  theirs: TaskFieldsFragment;
  /** How the edit is recorded when it is sent again: an undo stays an undo. */
  options?: Pick<MutationOptions, 'record'>;
}

export const editConflicts = createStore<readonly EditConflict[]>([]);

/** Add a conflict. It replaces an earlier one of the same fields. */
export function addEditConflict(conflict: EditConflict): void {
  editConflicts.set((current) => [...current.filter((other) => !isSameEdit(other, conflict)), conflict]);
}

export function removeEditConflict(conflict: EditConflict): void {
  editConflicts.set((current) => current.filter((other) => other !== conflict));
}

function isSameEdit(a: EditConflict, b: EditConflict): boolean {
  return a.mine.id === b.mine.id && editedFields(a.mine).every((field) => b.mine[field] !== undefined);
}
