/**
 * Which rows of a list are on screen, for a list of any length.
 *
 * A browser clamps the height of an element, so the inner height is capped, and the bar then stands for more rows
 * than it has pixels. Small movements (wheel, touch, arrows) go one to one all the same; only a drag of the bar is
 * scaled. `shift` is how far the rows are moved from their natural place so that both hold.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

const TALLEST = 15_000_000;
const OVERSCAN = 8;
const SETTLED_MS = 60;
const IDLE_MS = 200;

interface Options {
  scrollerRef: RefObject<HTMLElement | null>;
  total: number;
  rowHeight: number;
  initialRow: number;
}

interface Slice {
  first: number;
  last: number;
  top: number;
  shift: number;
}

export interface Virtual extends Slice {
  innerHeight: number;
  /** False while the bar is being dragged: then nothing is fetched. */
  settled: boolean;
  /** True once nothing has moved for a while. */
  idle: boolean;
  scrollToRow: (row: number, where?: 'nearest' | 'top') => void;
  moveByRows: (rows: number) => void;
  pageRows: () => number;
}

export function useVirtual({ scrollerRef, total, rowHeight, initialRow }: Options): Virtual {
  const position = useRef({ offset: initialRow * rowHeight, barTop: 0, rowHeight });
  const [slice, setSlice] = useState<Slice>({ first: initialRow, last: initialRow + 30, top: initialRow, shift: 0 });
  const [settled, setSettled] = useState(true);
  const [idle, setIdle] = useState(true);
  const timers = useRef<{ settle?: ReturnType<typeof setTimeout>; idle?: ReturnType<typeof setTimeout> }>({});
  const height = total * rowHeight;
  const innerHeight = Math.min(height, TALLEST);

  const measure = useCallback(() => {
    const view = scrollerRef.current?.clientHeight ?? 0;
    const bar = Math.max(innerHeight - view, 0);
    const most = Math.max(height - view, 0);
    return { view, bar, most, ratio: bar > 0 && height > innerHeight ? most / bar : 1 };
  }, [scrollerRef, innerHeight, height]);

  const draw = useCallback(() => {
    const { view } = measure();
    const { offset, barTop } = position.current;
    const next: Slice = {
      first: Math.max(Math.floor(offset / rowHeight) - OVERSCAN, 0),
      last: Math.min(Math.ceil((offset + view) / rowHeight) + OVERSCAN, total - 1),
      top: Math.min(Math.ceil(offset / rowHeight), Math.max(total - 1, 0)),
      shift: barTop - offset,
    };
    setSlice((now) => (sameSlice(now, next) ? now : next));
  }, [measure, rowHeight, total]);

  /** Puts the bar where the offset is. */
  const place = useCallback(
    (offset: number) => {
      const element = scrollerRef.current;
      if (!element) return;
      const { most, ratio } = measure();
      const within = Math.min(Math.max(offset, 0), most);
      element.scrollTop = within / ratio;
      const barTop = element.scrollTop;
      position.current = { offset: ratio === 1 ? barTop : within, barTop, rowHeight };
      draw();
    },
    [scrollerRef, measure, draw, rowHeight],
  );

  useLayoutEffect(() => {
    // The total came, or the rows have another height: the row at the top stays there.
    const { offset, rowHeight: before } = position.current;
    place((offset / before) * rowHeight);
  }, [place, rowHeight]);

  useEffect(() => {
    const element = scrollerRef.current;
    if (!element) return;
    const pending = timers.current;
    const onScroll = () => {
      const { view, bar, most, ratio } = measure();
      const now = position.current;
      const barTop = element.scrollTop;
      const moved = barTop - now.barTop;
      if (moved === 0) return;
      const jumped = Math.abs(moved) > view * 1.5;
      let offset = ratio === 1 || jumped ? barTop * ratio : Math.min(Math.max(now.offset + moved, 0), most);
      if (barTop <= 0 && offset < view * 2) offset = 0;
      if (barTop >= bar - 1 && offset > most - view * 2) offset = most;
      position.current = { offset, barTop, rowHeight };
      if (jumped) setSettled(false);
      setIdle(false);
      draw();
      clearTimeout(pending.settle);
      clearTimeout(pending.idle);
      pending.settle = setTimeout(() => setSettled(true), SETTLED_MS);
      pending.idle = setTimeout(() => {
        if (ratio !== 1) place(position.current.offset);
        setIdle(true);
      }, IDLE_MS);
    };
    const resize = new ResizeObserver(() => place(position.current.offset));
    resize.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      resize.disconnect();
      element.removeEventListener('scroll', onScroll);
      clearTimeout(pending.settle);
      clearTimeout(pending.idle);
      setSettled(true);
      setIdle(true);
    };
  }, [scrollerRef, measure, draw, place, rowHeight]);

  const scrollToRow = useCallback(
    (row: number, where: 'nearest' | 'top' = 'nearest') => {
      const { view } = measure();
      const { offset } = position.current;
      const top = row * rowHeight;
      if (where === 'top') place(top);
      else if (top < offset) place(top);
      else if (top + rowHeight > offset + view) place(top + rowHeight - view);
    },
    [measure, place, rowHeight],
  );
  const moveByRows = useCallback(
    (rows: number) => place(position.current.offset + rows * rowHeight),
    [place, rowHeight],
  );
  const pageRows = useCallback(() => Math.max(Math.floor(measure().view / rowHeight) - 1, 1), [measure, rowHeight]);

  return useMemo(
    () => ({ ...slice, innerHeight, settled, idle, scrollToRow, moveByRows, pageRows }),
    [slice, innerHeight, settled, idle, scrollToRow, moveByRows, pageRows],
  );
}

function sameSlice(a: Slice, b: Slice): boolean {
  return a.first === b.first && a.last === b.last && a.top === b.top && a.shift === b.shift;
}
