import type { EditConflict } from '@/features/task-editing/editConflicts';
import { conflictingFields, type EditableField, editedFields } from '@/features/task-editing/fieldConflicts';
import type { UpdateTaskInput } from '@/gql';

/** Return the fields that both sides changed. If the service reported a conflict in no field, all edited fields. */
export function conflictFields({ mine, base, theirs }: EditConflict): EditableField[] {
  const fields = conflictingFields(mine, base, theirs);
  return fields.length > 0 ? fields : editedFields(mine);
}

/** Return the part of the edit that is not in conflict. */
export function otherFields(conflict: EditConflict): UpdateTaskInput {
  const inConflict = new Set<string>(conflictFields(conflict));
  const entries = Object.entries(conflict.mine).filter(([field]) => !inConflict.has(field));
  return { ...Object.fromEntries(entries), id: conflict.mine.id };
}
