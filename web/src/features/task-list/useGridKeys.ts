/** The keys of the list: move, select, complete, edit, open, delete. */
import type { Virtual } from './useScaledVirtualizer';
import { useShortcuts } from '@/ui/useShortcuts';

interface Options {
  active: number;
  total: number;
  virtual: Virtual;
  move: (row: number) => void;
  extend: (row: number) => void;
  toggle: () => void;
  complete: () => void;
  edit: () => void;
  open: () => void;
  remove: () => void;
  escape: () => void;
}

export function useGridKeys({ active, total, virtual, move, extend, ...does }: Options): void {
  const to = (row: number) => Math.min(Math.max(row, 0), Math.max(total - 1, 0));
  // Without an active row the first one on screen is it.
  const by = (rows: number) => () => move(active < 0 ? virtual.top : to(active + rows));
  const here = active >= virtual.top && active <= virtual.last ? active : virtual.top;
  const extendBy = (rows: number) => () => extend(to(here + rows));
  useShortcuts({
    j: by(1),
    k: by(-1),
    ArrowDown: by(1),
    ArrowUp: by(-1),
    'shift+ArrowDown': extendBy(1),
    'shift+ArrowUp': extendBy(-1),
    'shift+PageDown': () => extend(to(here + virtual.pageRows())),
    'shift+PageUp': () => extend(to(here - virtual.pageRows())),
    PageDown: () => move(to(here + virtual.pageRows())),
    PageUp: () => move(to(here - virtual.pageRows())),
    Home: () => move(0),
    End: () => move(to(total - 1)),
    ' ': does.toggle,
    x: does.complete,
    e: does.edit,
    F2: does.edit,
    Enter: does.open,
    Delete: does.remove,
    Backspace: does.remove,
    Escape: does.escape,
  });
}
