/** The windows on screen and just beyond it, and the rows of each that are drawn. */
import type { TaskSet } from '@/features/bulk-changes/taskSet';
import { FailedList, FailedRow, SkeletonRow } from './PlaceholderRows';
import { type RowActions, TaskRow } from './TaskRow';
import { MatchWindow, TaskWindow, type WindowProps } from './TaskWindow';
import { isCounted, type View } from './taskView';
import type { ListAnchor } from './useListAnchor';
import type { Virtualizer } from './useScaledVirtualizer';
import { pagesOfRows, WINDOW_SIZE } from './windows';

/** Rows beyond the drawn ones whose window is fetched already. */
const PREFETCH_ROWS = 25;

interface Props {
  view: View;
  list: ListAnchor;
  virtualizer: Virtualizer;
  rowHeight: number;
  selection: TaskSet;
  editingId: string | undefined;
  actions: RowActions;
}

export function VisibleRows({ view, list, virtualizer, rowHeight, selection, editingId, actions }: Props) {
  const { extent, activeRow, onReport, onUnmount } = list;
  const pages = pagesOfRows(
    Math.max(virtualizer.first - PREFETCH_ROWS, 0),
    Math.min(virtualizer.last + PREFETCH_ROWS, Math.max(extent.total - 1, 0)),
  );

  const renderRows = (page: number): WindowProps['children'] =>
    function Rows({ nodes, errorMessage, retry }) {
      const first = Math.max(virtualizer.first, page * WINDOW_SIZE);
      const last = Math.min(virtualizer.last, (page + 1) * WINDOW_SIZE - 1);
      return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => {
        const row = first + i;
        const placement = { row, top: row * rowHeight + virtualizer.shift };
        const node = nodes?.[row - page * WINDOW_SIZE];
        if (node) {
          const state = {
            active: row === activeRow,
            selection,
            editing: editingId === node.id,
          };
          return <TaskRow key={node.id} node={node} {...placement} {...state} actions={actions} />;
        }
        // The first visible row of a failed window shows the error.
        if (errorMessage) {
          if (row !== Math.max(first, virtualizer.top)) return null;
          const error = { errorMessage, retry };
          return extent.known ? (
            <FailedRow key={row} {...placement} {...error} />
          ) : (
            <FailedList key={row} {...placement} {...error} isSearch={view.q !== ''} />
          );
        }
        return <SkeletonRow key={row} {...placement} />;
      });
    };

  return pages.map((page) => {
    const props = { view, page, settled: virtualizer.settled, onReport, onUnmount, children: renderRows(page) };
    if (isCounted(view)) return <TaskWindow key={page} {...props} />;
    const after = extent.cursors[page];
    return after === undefined ? null : <MatchWindow key={page} {...props} after={after} />;
  });
}
