/** Decides which rows of a list of any length are drawn, and scrolls to rows. scrollGeometry.ts has the arithmetic. */
import {
  type RefObject,
  useCallback,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { ListExtent } from './listAnchor';
import {
  afterScroll,
  MAX_INNER_HEIGHT_PX,
  offsetToReveal,
  OVERSCAN_ROWS,
  positionAt,
  rowsPerScreen,
  sameSlice,
  scrollGeometry,
  type VisibleSlice,
  visibleSlice,
} from './scrollGeometry';

const SETTLED_MS = 60;
const IDLE_MS = 200;

interface Options {
  scrollerRef: RefObject<HTMLElement | null>;
  /** Once it is known, the first rows are loaded. Rows beyond the viewport are drawn after them. */
  extent: Pick<ListExtent, 'total' | 'known'>;
  rowHeight: number;
  initialRow: number;
}

export interface Virtualizer extends VisibleSlice {
  innerHeight: number;
  /** False while the person drags the scroll bar. Windows are fetched when the drag pauses. */
  settled: boolean;
  /** True if the list has not scrolled for a while. */
  idle: boolean;
  scrollToRow: (row: number, align?: 'nearest' | 'top') => void;
  moveByRows: (rows: number) => void;
  rowsPerScreen: () => number;
}

export function useScaledVirtualizer({
  scrollerRef,
  extent: { total, known },
  rowHeight,
  initialRow,
}: Options): Virtualizer {
  const position = useRef({ offset: initialRow * rowHeight, scrollTop: 0 });
  const positionRowHeight = useRef(rowHeight);
  const [slice, setSlice] = useState<VisibleSlice>({
    first: initialRow,
    last: initialRow + Math.ceil(window.innerHeight / rowHeight), // until the viewport has been measured
    top: initialRow,
    shift: 0,
  });

  const measure = useCallback(
    () => scrollGeometry(total, rowHeight, scrollerRef.current?.clientHeight ?? 0),
    [scrollerRef, total, rowHeight],
  );
  const overscanRows = useDeferredValue(known) ? OVERSCAN_ROWS : 0;
  const updateSlice = useCallback(() => {
    const next = visibleSlice(position.current, measure(), overscanRows);
    setSlice((current) => (sameSlice(current, next) ? current : next));
  }, [measure, overscanRows]);
  const scrollToOffset = useCallback(
    (wanted: number) => {
      const element = scrollerRef.current;
      if (!element) return;
      const geometry = measure();
      const { offset, scrollTop } = positionAt(wanted, geometry);
      element.scrollTop = scrollTop;
      // The browser rounds the position. Without scaling, the offset must follow it.
      const rounded = element.scrollTop;
      position.current = { offset: geometry.scale === 1 ? rounded : offset, scrollTop: rounded };
      updateSlice();
    },
    [scrollerRef, measure, updateSlice],
  );

  // When the total or the row height changes, the row at the top stays at the top.
  useLayoutEffect(() => {
    const topRow = position.current.offset / positionRowHeight.current;
    positionRowHeight.current = rowHeight;
    scrollToOffset(topRow * rowHeight);
  }, [scrollToOffset, rowHeight]);

  const { settled, idle } = useScrollEvents({ scrollerRef, position, measure, updateSlice, scrollToOffset });

  const scrollToRow = useCallback(
    (row: number, align: 'nearest' | 'top' = 'nearest') => {
      const offset = align === 'top' ? row * rowHeight : offsetToReveal(row, position.current.offset, measure());
      if (offset !== undefined) scrollToOffset(offset);
    },
    [measure, scrollToOffset, rowHeight],
  );
  const moveByRows = useCallback(
    (rows: number) => scrollToOffset(position.current.offset + rows * rowHeight),
    [scrollToOffset, rowHeight],
  );
  const rowsOnScreen = useCallback(() => rowsPerScreen(measure()), [measure]);

  const innerHeight = Math.min(total * rowHeight, MAX_INNER_HEIGHT_PX);
  return useMemo(
    () => ({ ...slice, innerHeight, settled, idle, scrollToRow, moveByRows, rowsPerScreen: rowsOnScreen }),
    [slice, innerHeight, settled, idle, scrollToRow, moveByRows, rowsOnScreen],
  );
}

interface ScrollEventOptions {
  scrollerRef: RefObject<HTMLElement | null>;
  position: RefObject<{ offset: number; scrollTop: number }>;
  measure: () => ReturnType<typeof scrollGeometry>;
  updateSlice: () => void;
  scrollToOffset: (offset: number) => void;
}

/** Follows the scroll bar and the size of the viewport. */
function useScrollEvents({ scrollerRef, position, measure, updateSlice, scrollToOffset }: ScrollEventOptions) {
  const [settled, setSettled] = useState(true);
  const [idle, setIdle] = useState(true);
  useEffect(() => {
    const element = scrollerRef.current;
    if (!element) return;
    let settledTimer: ReturnType<typeof setTimeout> | undefined;
    let idleTimer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = () => {
      if (element.scrollTop === position.current.scrollTop) return;
      const geometry = measure();
      const { position: next, jumped } = afterScroll(position.current, element.scrollTop, geometry);
      position.current = next;
      if (jumped) setSettled(false);
      setIdle(false);
      updateSlice();
      clearTimeout(settledTimer);
      clearTimeout(idleTimer);
      settledTimer = setTimeout(() => setSettled(true), SETTLED_MS);
      idleTimer = setTimeout(() => {
        // Unscaled movements change the offset but not the scroll bar: move the scroll bar to match the offset.
        if (geometry.scale !== 1) scrollToOffset(position.current.offset);
        setIdle(true);
      }, IDLE_MS);
    };
    const resizeObserver = new ResizeObserver(() => {
      // A list that is hidden, as while the page is printed, keeps its position.
      if (element.clientHeight > 0) scrollToOffset(position.current.offset);
    });
    resizeObserver.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      resizeObserver.disconnect();
      element.removeEventListener('scroll', onScroll);
      clearTimeout(settledTimer);
      clearTimeout(idleTimer);
      setSettled(true);
      setIdle(true);
    };
  }, [scrollerRef, position, measure, updateSlice, scrollToOffset]);
  return { settled, idle };
}
