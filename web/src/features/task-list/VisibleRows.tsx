/** The windows that are on screen, or about to be, and of each the rows that are. */
import type { useLoaded } from './useListAnchor';
import { WINDOW } from './LoadedRows';
import { FailedRow, type RowActions, SkeletonRow, TaskRow } from './TaskRow';
import { SearchWindow, TaskWindow, type WindowProps } from './TaskWindow';
import type { View } from './taskView';
import type { Virtual } from './useScaledVirtualizer';

/** Rows beyond the screen of which the window is fetched already. */
const AHEAD = 25;

interface Props {
  view: View;
  list: ReturnType<typeof useLoaded>;
  virtual: Virtual;
  rowHeight: number;
  selected: ReadonlySet<string>;
  editing: string | undefined;
  actions: RowActions;
}

export function GridWindows({ view, list, virtual, rowHeight, selected, editing, actions }: Props) {
  const { loaded, active, onReport, onGone } = list;
  const firstPage = Math.floor(Math.max(virtual.first - AHEAD, 0) / WINDOW);
  const lastPage = Math.floor(Math.min(virtual.last + AHEAD, Math.max(loaded.total - 1, 0)) / WINDOW);
  const pages = Array.from({ length: lastPage - firstPage + 1 }, (_, i) => firstPage + i);
  const topOf = (row: number) => row * rowHeight + virtual.shift;

  const draw = (page: number): WindowProps['children'] =>
    function Rows({ nodes, failed, retry }) {
      const first = Math.max(virtual.first, page * WINDOW);
      const last = Math.min(virtual.last, page * WINDOW + WINDOW - 1);
      return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => {
        const row = first + i;
        const node = nodes?.[row - page * WINDOW];
        const place = { row, top: topOf(row) };
        if (!node && failed && row === Math.max(first, virtual.top))
          return <FailedRow key={row} {...place} message={failed} retry={retry} />;
        if (!node) return <SkeletonRow key={row} {...place} />;
        const state = { active: row === active, selected: selected.has(node.id), editing: editing === node.id };
        return <TaskRow key={node.id} node={node} {...place} {...state} actions={actions} />;
      });
    };

  return pages.map((page) => {
    const props = { view, page, settled: virtual.settled, onReport, onGone, children: draw(page) };
    if (!view.q) return <TaskWindow key={page} {...props} />;
    const after = loaded.cursors[page];
    return after === undefined ? null : <SearchWindow key={page} {...props} after={after} />;
  });
}
