/**
 * The arithmetic of a scrolled list of any length.
 *
 * A browser limits the height of an element, so the inner height is capped and one pixel of the scroll bar stands for
 * `scale` pixels of the list. Two positions describe the scrolling: `offset` is the pixel of the full list at the top
 * of the viewport, `scrollTop` is where the scroll bar is.
 */

/** Chromium limits heights to 33,554,428 px, other browsers to about 16 million. */
export const MAX_INNER_HEIGHT_PX = 15_000_000;
/** Rows that are drawn beyond each edge of the viewport. */
export const OVERSCAN_ROWS = 8;
/** A scroll by more than this many viewports is a drag of the scroll bar, or a jump. */
const JUMP_VIEWPORTS = 1.5;
/** At an end of the scroll bar, an offset this close to the end of the list snaps to it. */
const SNAP_VIEWPORTS = 2;

export interface ScrollGeometry {
  total: number;
  rowHeight: number;
  viewportHeight: number;
  /** The height of the scrolled element: the height of all rows, capped. */
  innerHeight: number;
  maxScrollTop: number;
  maxOffset: number;
  /** Pixels of the list for each pixel of the scroll bar. It is 1 unless the height is capped. */
  scale: number;
}

export interface ScrollPosition {
  offset: number;
  scrollTop: number;
}

/** The rows to draw, the first fully visible row, and how far rows are moved from `row * rowHeight`. */
export interface VisibleSlice {
  first: number;
  last: number;
  top: number;
  shift: number;
}

export function scrollGeometry(total: number, rowHeight: number, viewportHeight: number): ScrollGeometry {
  const listHeight = total * rowHeight;
  const innerHeight = Math.min(listHeight, MAX_INNER_HEIGHT_PX);
  const maxScrollTop = Math.max(innerHeight - viewportHeight, 0);
  const maxOffset = Math.max(listHeight - viewportHeight, 0);
  const scale = maxScrollTop > 0 && listHeight > innerHeight ? maxOffset / maxScrollTop : 1;
  return { total, rowHeight, viewportHeight, innerHeight, maxScrollTop, maxOffset, scale };
}

/** Return the offset within the list, and the scroll bar position that belongs to it. */
export function positionAt(offset: number, { maxOffset, scale }: ScrollGeometry): ScrollPosition {
  const clamped = clamp(offset, 0, maxOffset);
  return { offset: clamped, scrollTop: clamped / scale };
}

/**
 * Return the position after the scroll bar has moved to `scrollTop`.
 *
 * Small movements (wheel, touch, arrow keys) move the list pixel by pixel at any length. Only a jump is scaled.
 */
export function afterScroll(
  before: ScrollPosition,
  scrollTop: number,
  { viewportHeight, maxScrollTop, maxOffset, scale }: ScrollGeometry,
): { position: ScrollPosition; jumped: boolean } {
  const moved = scrollTop - before.scrollTop;
  const jumped = Math.abs(moved) > viewportHeight * JUMP_VIEWPORTS;
  let offset = scale === 1 || jumped ? scrollTop * scale : clamp(before.offset + moved, 0, maxOffset);
  const snapDistance = viewportHeight * SNAP_VIEWPORTS;
  if (scrollTop <= 0 && offset < snapDistance) offset = 0;
  if (scrollTop >= maxScrollTop - 1 && offset > maxOffset - snapDistance) offset = maxOffset;
  return { position: { offset, scrollTop }, jumped };
}

export function visibleSlice(
  { offset, scrollTop }: ScrollPosition,
  { total, rowHeight, viewportHeight }: ScrollGeometry,
  overscanRows = OVERSCAN_ROWS,
): VisibleSlice {
  return {
    first: Math.max(Math.floor(offset / rowHeight) - overscanRows, 0),
    last: Math.min(Math.ceil((offset + viewportHeight) / rowHeight) + overscanRows, total - 1),
    top: Math.min(Math.ceil(offset / rowHeight), Math.max(total - 1, 0)),
    shift: scrollTop - offset,
  };
}

/** Return the offset at which a row is fully visible, or undefined if it already is. */
export function offsetToReveal(
  row: number,
  offset: number,
  { rowHeight, viewportHeight }: ScrollGeometry,
): number | undefined {
  const rowTop = row * rowHeight;
  if (rowTop < offset) return rowTop;
  if (rowTop + rowHeight > offset + viewportHeight) return rowTop + rowHeight - viewportHeight;
  return undefined;
}

/** Return how many rows Page Up and Page Down move: a screen, less one row for orientation. */
export function rowsPerScreen({ rowHeight, viewportHeight }: ScrollGeometry): number {
  return Math.max(Math.floor(viewportHeight / rowHeight) - 1, 1);
}

export function sameSlice(a: VisibleSlice, b: VisibleSlice): boolean {
  return a.first === b.first && a.last === b.last && a.top === b.top && a.shift === b.shift;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
