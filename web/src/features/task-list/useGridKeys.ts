/** The keyboard shortcuts of the list. */
import type { FieldMenuRequest } from '@/features/field-menu/fieldMenuRequest';
import { type Shortcuts, useShortcuts } from '@/ui/useShortcuts';
import type { Virtualizer } from './useScaledVirtualizer';

interface Options {
  activeRow: number;
  total: number;
  virtualizer: Virtualizer;
  move: (row: number) => void;
  extendSelection: (row: number) => void;
  toggleSelected: () => void;
  selectAll: () => void;
  toggleCompleted: () => void;
  edit: () => void;
  open: () => void;
  openMenu: (field: FieldMenuRequest['field']) => void;
  copyLink: () => void;
  deleteTasks: () => void;
  /** Close the open task, or else clear the selection. */
  dismiss: () => void;
}

export function useGridKeys({ activeRow, total, virtualizer, move, extendSelection, ...actions }: Options): void {
  const clampRow = (row: number) => Math.min(Math.max(row, 0), Math.max(total - 1, 0));
  // Without an active row, the first visible one becomes active.
  const moveBy = (rows: number) => () => move(activeRow < 0 ? virtualizer.top : clampRow(activeRow + rows));
  // Page Up and Page Down start at the visible rows, which may be far from the active row.
  const activeIsVisible = activeRow >= virtualizer.top && activeRow <= virtualizer.last;
  const currentRow = activeIsVisible ? activeRow : virtualizer.top;
  const extendBy = (rows: number) => () => extendSelection(clampRow(currentRow + rows));
  const shortcuts: Shortcuts = {
    j: moveBy(1),
    k: moveBy(-1),
    ArrowDown: moveBy(1),
    ArrowUp: moveBy(-1),
    'shift+ArrowDown': extendBy(1),
    'shift+ArrowUp': extendBy(-1),
    'shift+PageDown': () => extendSelection(clampRow(currentRow + virtualizer.rowsPerScreen())),
    'shift+PageUp': () => extendSelection(clampRow(currentRow - virtualizer.rowsPerScreen())),
    PageDown: () => move(clampRow(currentRow + virtualizer.rowsPerScreen())),
    PageUp: () => move(clampRow(currentRow - virtualizer.rowsPerScreen())),
    Home: () => move(0),
    End: () => move(clampRow(total - 1)),
    ' ': actions.toggleSelected,
    x: actions.toggleCompleted,
    e: actions.edit,
    F2: actions.edit,
    Enter: actions.open,
    Delete: actions.deleteTasks,
    Backspace: actions.deleteTasks,
    'mod+a': actions.selectAll,
    s: () => actions.openMenu('status'),
    p: () => actions.openMenu('priority'),
    m: () => actions.openMenu('listId'),
    a: () => actions.openMenu('assignee'),
    b: () => actions.openMenu('labels'),
    t: () => actions.openMenu('dueAt'),
    d: () => actions.openMenu('expiresAt'),
    l: actions.copyLink,
    Escape: actions.dismiss,
  };
  useShortcuts(shortcuts);
}
