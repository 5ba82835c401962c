import { type RefObject, useEffect } from 'react';
import type { GridHandle } from './gridHandle';
import type { ListAnchor } from './useListAnchor';
import type { TaskCommands } from './useTaskCommands';
import type { Virtualizer } from './useScaledVirtualizer';

interface Options {
  handleRef: RefObject<GridHandle | null>;
  list: ListAnchor;
  virtualizer: Virtualizer;
  focus: () => void;
  selectAll: () => void;
  commands: TaskCommands;
}

/** Give the page a handle that scrolls, focuses and refetches the list. A list that replaces another takes its focus. */
export function useGridHandle({ handleRef, list, virtualizer, focus, selectAll, commands }: Options): void {
  useEffect(() => {
    if (!handleRef.current) return undefined;
    // The focus is lost if this list replaces the one that had it. For a moment, it is also nowhere while it moves.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === document.body) focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [handleRef, focus]);
  useEffect(() => {
    handleRef.current = {
      goToRow: (wanted) => {
        const row = Math.min(wanted, Math.max(list.extent.total - 1, 0));
        virtualizer.scrollToRow(row, 'top');
        list.setActiveRow(row);
        focus();
      },
      focus,
      visibleTaskIds: () =>
        Array.from({ length: virtualizer.rowsPerScreen() + 1 }, (_, i) => list.rows.idAt(virtualizer.top + i)).filter(
          (id) => id !== undefined,
        ),
      refetch: () => list.rows.refetch(),
      selectAll,
      openMenu: (field) => commands.openMenu(field),
      copyLink: commands.copyLink,
    };
  });
}
