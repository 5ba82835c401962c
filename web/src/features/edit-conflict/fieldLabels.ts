import type { EditableField } from '@/features/task-editing/fieldConflicts';
import { t } from '@/ui/messages';

/** Read when they are shown, like the labels of `features/tasks`. */
export const FIELD_LABELS: Readonly<Record<EditableField, string>> = {
  get title() {
    return t('tasks.field.title');
  },
  get description() {
    return t('tasks.field.description');
  },
  get status() {
    return t('tasks.field.status');
  },
  get priority() {
    return t('tasks.field.priority');
  },
  get expiresAt() {
    return t('tasks.field.expiresAt');
  },
  get dueAt() {
    return t('tasks.field.dueAt');
  },
  get assignee() {
    return t('tasks.field.assignee');
  },
  get labels() {
    return t('tasks.field.labels');
  },
  get listId() {
    return t('tasks.field.listId');
  },
};
