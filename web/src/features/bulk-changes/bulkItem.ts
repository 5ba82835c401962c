/** A task of a bulk update, and what became of it. */
import { isSameValue } from '@/features/task-editing/fieldConflicts';
import { changeLabels, type LabelChange } from '@/features/tasks/taskLabels';
import type { BulkTaskFragment, UpdateTaskInput } from '@/gql';
import type { BulkUpdateMutation } from '@/gql/bulk';
import { t } from '@/ui/messages';

const FIELD_NAMES = ['status', 'priority', 'expiresAt', 'dueAt', 'assignee', 'labels', 'listId'] as const;

/** The fields that a bulk update can set. */
export type BulkFields = Pick<UpdateTaskInput, (typeof FIELD_NAMES)[number]>;

/** A change of tasks: new values, or labels to add and remove, whatever labels a task has. */
export type TaskEdit = { kind: 'update'; fields: BulkFields } | { kind: 'labels'; labels: LabelChange };

type EditedTask = Pick<BulkTaskFragment, 'id' | 'version' | keyof BulkFields>;

export interface UpdateItem {
  id: string;
  /** The version that the task had when it was read. */
  version: number;
  /** The values of the changed fields at that version. */
  before: BulkFields;
  after: BulkFields;
  /** The labels to add and remove, if `after` follows from them. */
  labels?: LabelChange;
}

type UpdateResult = BulkUpdateMutation['updateTasks']['results'][number];

export interface UpdateOutcome {
  /** The items that were changed, each with its new version. */
  changed: UpdateItem[];
  /** Items whose task has changed in other fields only. They are sent again with its current version. */
  retry: UpdateItem[];
  /** Why other items were not changed. */
  failures: string[];
}

export function editItem(task: EditedTask, edit: TaskEdit): UpdateItem {
  if (edit.kind === 'update') return updateItem(task, edit.fields);
  return { ...updateItem(task, { labels: changeLabels(task.labels, edit.labels) }), labels: edit.labels };
}

export function updateItem(task: EditedTask, after: BulkFields): UpdateItem {
  const before = Object.fromEntries(fieldsOf(after).map((field) => [field, task[field]])) as BulkFields;
  return { id: task.id, version: task.version, before, after };
}

export function needsChange({ before, after }: Pick<UpdateItem, 'before' | 'after'>): boolean {
  return !fieldsOf(after).every((field) => isSameValue(field, before[field], after[field]));
}

export function updateInput({ id, version, after }: UpdateItem): UpdateTaskInput {
  return { ...after, id, expectedVersion: version };
}

/**
 * Sort the items of one mutation by what became of them.
 *
 * `resent` says that the mutation had been sent before without an answer. An item that has the wanted values at the
 * next version then counts as changed by the first request.
 */
export function sortUpdateResults(items: UpdateItem[], results: UpdateResult[], resent: boolean): UpdateOutcome {
  const outcome: UpdateOutcome = { changed: [], retry: [], failures: [] };
  items.forEach((item, i) => {
    const result = results[i];
    if (result?.task) {
      if (result.task.savedVersion !== item.version) {
        outcome.changed.push({ ...item, version: result.task.savedVersion });
      }
      return;
    }
    const current = result?.currentTask;
    if (!current) {
      outcome.failures.push(result?.userErrors[0]?.message ?? t('bulk.noTaskResult'));
    } else if (!needsChange(updateItem(current, item.after))) {
      if (resent && current.version === item.version + 1) outcome.changed.push({ ...item, version: current.version });
    } else if (!needsChange({ before: updateItem(current, item.after).before, after: item.before })) {
      outcome.retry.push({ ...item, version: current.version });
    } else if (item.labels) {
      const again = editItem(current, { kind: 'labels', labels: item.labels });
      if (needsChange(again)) outcome.retry.push(again);
    } else {
      outcome.failures.push(t('bulk.conflict'));
    }
  });
  return outcome;
}

/** Return the item that takes a change back. */
export function inverse({ id, version, before, after }: UpdateItem): UpdateItem {
  return { id, version, before: after, after: before };
}

function fieldsOf(fields: BulkFields): (typeof FIELD_NAMES)[number][] {
  return FIELD_NAMES.filter((field) => fields[field] !== undefined);
}
