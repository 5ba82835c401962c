import type { EditableField } from '@/features/task-editing/fieldConflicts';

export const FIELD_LABELS: Record<EditableField, string> = {
  title: 'Title',
  description: 'Description',
  status: 'Status',
  priority: 'Priority',
  expiresAt: 'Expires',
};
