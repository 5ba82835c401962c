import { MarkdownText } from '@/features/markdown/MarkdownText';
import { draftKey, readDraft } from '@/features/task-editing/drafts';
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { listName } from '@/features/tasks/taskLists';
import type { TaskFieldsFragment } from '@/gql';
import { isolate } from '@/ui/bidi';
import { formatLongDate, formatValues } from '@/ui/format';
import { t } from '@/ui/messages';

/** A task as the drawer shows it, with text that is not saved yet. */
export function PrintedTask({ task }: { task: TaskFieldsFragment }) {
  const title = readDraft(draftKey(task.id, 'title'))?.text ?? task.title;
  const description = readDraft(draftKey(task.id, 'description'))?.text ?? task.description;
  const fields = [
    [t('print.status'), STATUS_LABELS[task.status]],
    [t('print.priority'), PRIORITY_LABELS[task.priority]],
    ...(task.listId ? [[t('tasks.field.listId'), listName(task.listId)]] : []),
    ...(task.assignee ? [[t('tasks.field.assignee'), task.assignee]] : []),
    ...(task.labels.length > 0 ? [[t('tasks.field.labels'), formatValues(task.labels.map(isolate))]] : []),
    ...(task.dueAt ? [[t('tasks.field.dueAt'), formatLongDate(task.dueAt)]] : []),
    [t('print.expires'), task.expiresAt ? formatLongDate(task.expiresAt) : t('print.never')],
    [t('print.created'), formatLongDate(task.createdAt)],
    [t('print.updated'), formatLongDate(task.updatedAt)],
    [t('print.printed'), formatLongDate(new Date().toISOString())],
  ];
  return (
    <>
      <h1 dir="auto">{title}</h1>
      <MarkdownText text={description} />
      <dl>
        {fields.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
