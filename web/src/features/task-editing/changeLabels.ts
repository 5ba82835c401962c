/** What a change did, in plain words, for the history of changes. */
import { formatTaskCount, PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { listName } from '@/features/tasks/taskLists';
import type { UpdateTaskInput } from '@/gql';
import { isolate, quote } from '@/ui/bidi';
import { formatList, formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { isSameValue } from './fieldConflicts';
import type { CachedTask } from './taskEdits';

const MAX_TITLE_CHARACTERS = 60;
const FIELD_NAMES = {
  title: () => t('history.field.title'),
  description: () => t('history.field.description'),
  status: () => t('history.field.status'),
  priority: () => t('history.field.priority'),
  expiresAt: () => t('history.field.expiresAt'),
  dueAt: () => t('history.field.dueAt'),
  assignee: () => t('history.field.assignee'),
  labels: () => t('history.field.labels'),
  listId: () => t('history.field.listId'),
};
type Field = keyof typeof FIELD_NAMES;

/** Return “Write the letter”, shortened, or "12 tasks". */
export function nameTasks(tasks: ({ title: string } | null | undefined)[]): string {
  const [task] = tasks;
  if (tasks.length !== 1) return formatTaskCount(tasks.length);
  return task ? quoteShort(task.title) : t('tasks.unnamed');
}

function quoteShort(title: string): string {
  const characters = [...new Intl.Segmenter().segment(title)].map(({ segment }) => segment);
  const shown =
    characters.length > MAX_TITLE_CHARACTERS ? `${characters.slice(0, MAX_TITLE_CHARACTERS).join('')}…` : title;
  return quote(shown);
}

/** Return for example: Set the priority of “Write the letter” to High. */
export function describeUpdate(changes: UpdateTaskInput[], before: (CachedTask | null)[]): string {
  const [change] = changes;
  const fields = (Object.keys(FIELD_NAMES) as Field[]).filter((field) => change?.[field] !== undefined);
  const tasks = nameTasks(before);
  const [field] = fields;
  if (!change || !field || fields.length > 1) {
    return t('history.changed', { fields: formatList(fields.map((name) => FIELD_NAMES[name]())), tasks });
  }
  if (!changes.every((other) => isSameValue(field, other[field], change[field])))
    return t('history.changed', { fields: FIELD_NAMES[field](), tasks });
  return describeField(field, change, tasks);
}

function describeField(field: Field, change: UpdateTaskInput, tasks: string): string {
  if (field === 'title') return t('history.renamed', { tasks, title: quoteShort(change.title ?? '') });
  if (field === 'status' && change.status === 'DONE') return t('history.completed', { tasks });
  if (field === 'status' && change.status)
    return t('history.statusSet', { tasks, status: STATUS_LABELS[change.status] });
  if (field === 'priority' && change.priority) {
    return t('history.prioritySet', { tasks, priority: PRIORITY_LABELS[change.priority] });
  }
  const describe = DESCRIPTIONS[field];
  return describe ? describe(change, tasks) : t('history.changed', { fields: FIELD_NAMES[field](), tasks });
}

/** The descriptions of fields that can be removed. */
const DESCRIPTIONS: Partial<Record<Field, (change: UpdateTaskInput, tasks: string) => string>> = {
  expiresAt: ({ expiresAt }, tasks) =>
    expiresAt
      ? t('history.expirySet', { tasks, expiry: formatLongDate(expiresAt) })
      : t('history.expiryRemoved', { tasks }),
  dueAt: ({ dueAt }, tasks) =>
    dueAt ? t('history.dueSet', { tasks, due: formatLongDate(dueAt) }) : t('history.dueRemoved', { tasks }),
  assignee: ({ assignee }, tasks) =>
    assignee ? t('history.assigned', { tasks, assignee: isolate(assignee) }) : t('history.unassigned', { tasks }),
  listId: ({ listId }, tasks) =>
    listId ? t('history.moved', { tasks, list: listName(listId) }) : t('history.removedFromList', { tasks }),
};
