import type { BulkFields } from '@/features/bulk-changes/bulkItem';

export interface FieldMenuRequest {
  field: keyof BulkFields;
  /** The place in the window below which the menu opens. */
  anchor: { left: number; top: number };
  /** The values of the task, if the menu is for one task. */
  current: BulkFields | undefined;
  onPick: (fields: BulkFields) => void;
}
