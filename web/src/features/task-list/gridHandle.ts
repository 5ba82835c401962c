/** The interface between the task list and the rest of the page. */
import type { FieldMenuRequest } from '@/features/field-menu/fieldMenuRequest';
import type { Total } from '@/ui/format';

export interface GridHandle {
  /** Scroll to a row and make it active. A row beyond the end means the last one. */
  goToRow: (row: number) => void;
  focus: () => void;
  /** Return the loaded tasks that the person sees. */
  visibleTaskIds: () => string[];
  refetch: () => Promise<unknown>;
  selectAll: () => void;
  /** Open the menu that sets this field of the selected tasks, or else of the open or active one. */
  openMenu: (field: FieldMenuRequest['field']) => void;
  /** Copy the address of the open task, or else of the active one. */
  copyLink: () => void;
}

export interface ListPosition {
  /** The first fully visible row, from 0. */
  row: number;
  total: number;
  /** The number of tasks in the list, or of those found so far. */
  found: Total | undefined;
  /** Whether the list has a total from the start, and so page numbers. A search or a filter has neither. */
  counted: boolean;
  /** The keys of the loaded windows in `windowMetrics`. */
  metricsKeys: string[];
}
