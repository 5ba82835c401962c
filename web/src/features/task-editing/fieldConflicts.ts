/** The rule for concurrent edits: two edits of a task conflict only if they change the same field. */
import type { TaskFieldsFragment, UpdateTaskInput } from '@/gql';

const EDITABLE_FIELDS = [
  'title',
  'description',
  'status',
  'priority',
  'expiresAt',
  'dueAt',
  'assignee',
  'labels',
  'listId',
] as const;
export const TEXT_FIELDS = ['title', 'description'] as const;
export type EditableField = (typeof EDITABLE_FIELDS)[number];
export type TextField = (typeof TEXT_FIELDS)[number];

/** The values of the edited fields when the edit began. A field is missing if its value is not known. */
export type BaseValues = Partial<Pick<TaskFieldsFragment, EditableField>>;

export function isTextField(field: EditableField): field is TextField {
  return (TEXT_FIELDS as readonly string[]).includes(field);
}

export function editedFields(input: UpdateTaskInput): EditableField[] {
  return EDITABLE_FIELDS.filter((field) => input[field] !== undefined);
}

/** Return the fields of an edit that someone else has changed since it began, to other values than the wanted ones. */
export function conflictingFields(
  input: UpdateTaskInput,
  base: BaseValues,
  current: Pick<TaskFieldsFragment, EditableField>,
): EditableField[] {
  return editedFields(input).filter(
    (field) => !isSameValue(field, current[field], base[field]) && !isSameValue(field, current[field], input[field]),
  );
}

export type FieldValue = string | readonly string[] | null | undefined;

/** Whether two values of a field are equal. The service returns a time in another form than the page sends it. */
export function isSameValue(field: EditableField, a: FieldValue, b: FieldValue): boolean {
  if (a === b) return true;
  if (typeof a === 'string' && typeof b === 'string') {
    return (field === 'expiresAt' || field === 'dueAt') && Date.parse(a) === Date.parse(b);
  }
  return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b);
}
