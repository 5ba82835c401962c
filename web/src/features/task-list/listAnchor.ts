/** How the list keeps its place when the windows on screen are fetched again. */
import type { Total } from '@/ui/format';
import type { LoadedRows } from './LoadedRows';
import { WINDOW_SIZE, type WindowReport } from './windows';

const ANCHOR_ROWS = 5;
/** Empty rows after the loaded part of a search or a filter. Scrolling to them fetches the next window. */
const LOOKAHEAD_ROWS = 20;

export interface ListExtent {
  /** The number of rows: those of the tasks that are known, and of empty rows to be filled. */
  total: number;
  /** False until the first window is loaded: `total` is then a guess. */
  known: boolean;
  /** Only in a search or a filter that has more results than were loaded: the number of loaded ones. */
  atLeast?: number | undefined;
  /** Only in a search or a filter: where each page begins. The first one has null. */
  cursors: (string | null)[];
}

/** The first tasks on screen, each with its row. */
export type Anchor = { id: string; row: number }[];

export function readAnchor(rows: LoadedRows, topRow: number): Anchor {
  return Array.from({ length: ANCHOR_ROWS }, (_, i) => topRow + i).flatMap((row) => {
    const id = rows.idAt(row);
    return id === undefined ? [] : [{ id, row }];
  });
}

/**
 * Return by how many rows the anchor has moved down.
 *
 * The first anchor task that is still loaded decides. If none is, the tasks that the list has gained are assumed to
 * have been added above.
 */
export function anchorShift(anchor: Anchor, rows: LoadedRows, rowsGained: number): number {
  for (const { id, row } of anchor) {
    const newRow = rows.rowOf(id);
    if (newRow !== undefined) return newRow - row;
  }
  return rowsGained;
}

/** Return the extent of a search or a filter after one of its windows was loaded. */
export function extendMatches(extent: ListExtent, { page, nodes, endCursor }: WindowReport): ListExtent {
  const cursors = extent.cursors.slice(0, page + 1);
  if (!endCursor) return { total: page * WINDOW_SIZE + nodes.length, known: true, cursors };
  if (extent.cursors[page + 1] === endCursor) return { ...extent, known: true };
  const loaded = page * WINDOW_SIZE + nodes.length;
  return {
    total: (page + 1) * WINDOW_SIZE + LOOKAHEAD_ROWS,
    known: true,
    atLeast: loaded,
    cursors: [...cursors, endCursor],
  };
}

/** Return the number of tasks in the list, or of those found so far. */
export function totalOf({ total, known, atLeast }: ListExtent): Total | undefined {
  if (!known) return undefined;
  return { count: atLeast ?? total, exact: atLeast === undefined };
}
