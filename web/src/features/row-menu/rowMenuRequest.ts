import type { FieldMenuRequest } from '@/features/field-menu/fieldMenuRequest';

/** What the menu of a row shows and does. */
export interface RowMenuRequest {
  anchor: FieldMenuRequest['anchor'];
  selected: boolean;
  done: boolean;
  toggleSelected: () => void;
  /** Select the rows between the last selected one and this one. Undefined while nothing is selected. */
  selectToHere: (() => void) | undefined;
  toggleCompleted: () => void;
  openFieldMenu: (field: FieldMenuRequest['field']) => void;
  copyLink: () => void;
  deleteTask: () => void;
}
