import type { TaskFieldsFragment, TaskRowFragment } from '@/gql';

const ROW = {
  __typename: 'Task',
  id: 'a',
  title: 'Write the letter',
  status: 'TODO',
  priority: 'NONE',
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: null,
  dueAt: null,
  assignee: null,
  listId: null,
  version: 1,
} as const;
const NO_AUTHORS = { createdBy: null, updatedBy: null };

/** A task as the list shows it, with the given fields replaced. */
export function taskRow(fields: Partial<TaskRowFragment> = {}): TaskRowFragment {
  return { ...ROW, labels: [], ...fields };
}

/** A task with all its fields, with the given ones replaced. */
export function task(fields: Partial<TaskFieldsFragment> = {}): TaskFieldsFragment {
  return {
    ...ROW,
    labels: [],
    description: 'To the office',
    updatedAt: '2026-01-01T00:00:00Z',
    ...NO_AUTHORS,
    ...fields,
  };
}
