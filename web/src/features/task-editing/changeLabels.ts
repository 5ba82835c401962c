/** What a change did, in plain words, for the history of changes. */
import { formatTaskCount, PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import type { UpdateTaskInput } from '@/gql';
import { formatLongDate } from '@/ui/format';
import type { CachedTask } from './taskEdits';

const MAX_TITLE_CHARACTERS = 60;
const FIELD_NAMES = {
  title: 'title',
  description: 'description',
  status: 'status',
  priority: 'priority',
  expiresAt: 'expiry',
} as const;
type Field = keyof typeof FIELD_NAMES;

/** Return “Write the letter”, shortened, or "12 tasks". */
export function nameTasks(tasks: ({ title: string } | null | undefined)[]): string {
  const [task] = tasks;
  if (tasks.length !== 1) return formatTaskCount(tasks.length);
  return task ? quote(task.title) : 'a task';
}

function quote(title: string): string {
  const characters = [...new Intl.Segmenter().segment(title)].map(({ segment }) => segment);
  const shown =
    characters.length > MAX_TITLE_CHARACTERS ? `${characters.slice(0, MAX_TITLE_CHARACTERS).join('')}…` : title;
  return `“${shown}”`;
}

/** Return for example: Set the priority of “Write the letter” to High. */
export function describeUpdate(changes: UpdateTaskInput[], before: (CachedTask | null)[]): string {
  const [change] = changes;
  const fields = (Object.keys(FIELD_NAMES) as Field[]).filter((field) => change?.[field] !== undefined);
  const tasks = nameTasks(before);
  const [field] = fields;
  if (!change || !field || fields.length > 1) {
    return `Changed ${fields.map((name) => FIELD_NAMES[name]).join(' and ')} of ${tasks}`;
  }
  if (!changes.every((other) => other[field] === change[field])) return `Changed ${FIELD_NAMES[field]} of ${tasks}`;
  return describeField(field, change, tasks);
}

function describeField(field: Field, change: UpdateTaskInput, tasks: string): string {
  if (field === 'title') return `Renamed ${tasks} to ${quote(change.title ?? '')}`;
  if (field === 'status' && change.status === 'DONE') return `Completed ${tasks}`;
  if (field === 'status' && change.status) return `Set the status of ${tasks} to ${STATUS_LABELS[change.status]}`;
  if (field === 'priority' && change.priority) {
    return `Set the priority of ${tasks} to ${PRIORITY_LABELS[change.priority]}`;
  }
  if (field !== 'expiresAt') return `Changed ${FIELD_NAMES[field]} of ${tasks}`;
  return change.expiresAt
    ? `Set the expiry of ${tasks} to ${formatLongDate(change.expiresAt)}`
    : `Removed the expiry of ${tasks}`;
}
