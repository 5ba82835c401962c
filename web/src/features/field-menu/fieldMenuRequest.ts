import type { BulkFields, TaskEdit } from '@/features/bulk-changes/bulkItem';

export interface FieldMenuRequest {
  field: keyof BulkFields;
  /** The place in the window below which the menu opens. */
  anchor: { left: number; top: number };
  /** The values of the task, if the menu is for one task. */
  current: BulkFields | undefined;
  /** The values of the tasks that the page knows, if the menu is for several. */
  known: readonly BulkFields[];
  onPick: (edit: TaskEdit) => void;
}
