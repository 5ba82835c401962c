/**
 * What the windows on screen have reported, and how the list stays where the reader has it.
 *
 * A window that is fetched again may hold its tasks some rows further down, for others have been added above. Then
 * the list moves by as many rows before anything is drawn, and those above are counted for "3 new, show".
 */
import { type RefObject, useCallback, useMemo, useRef, useState } from 'react';
import type { Virtual } from './useScaledVirtualizer';
import { Rows, WINDOW } from './LoadedRows';
import type { WindowReport } from './TaskWindow';

interface Options {
  virtualRef: RefObject<Virtual | undefined>;
  /** Rows to hold the place until the service has said how many there are. */
  expected: number;
  counted: boolean;
  newestFirst: boolean;
}

/** New tasks: told of and not in the list yet, and in the list above where the reader is. */
const NO_NEWS = { told: 0, above: 0 };

interface Loaded {
  total: number;
  known: boolean;
  /** Where each page of a search begins; the first has null. */
  cursors: (string | null)[];
}

export function useLoaded({ virtualRef, expected, counted, newestFirst }: Options) {
  const [rows] = useState(() => new Rows());
  const [keys] = useState(() => new Map<number, string>());
  const [loaded, setLoaded] = useState<Loaded>({ total: expected, known: false, cursors: [null] });
  const latest = useRef(loaded);
  const [active, setActiveRow] = useState(-1);
  // The task that is meant, which may be found in another row after a fetch.
  const marked = useRef<{ row: number; id: string | undefined }>({ row: -1, id: undefined });
  const [news, setNews] = useState(NO_NEWS);
  const following = useRef(false);

  const setActive = useCallback(
    (row: number) => {
      marked.current = { row, id: rows.idAt(row) };
      setActiveRow(row);
    },
    [rows],
  );
  const onReport = useCallback(
    (report: WindowReport) => {
      const before = latest.current;
      const anchor = firstOnScreen(rows, virtualRef.current?.top ?? 0);
      rows.put(report.page, { ids: report.nodes.map(({ id }) => id), refetch: report.refetch });
      keys.set(report.page, report.measureKey);
      const now = counted ? { ...before, total: report.total ?? 0, known: true } : grown(before, report);
      latest.current = now;
      setLoaded(now);
      const { row, id } = marked.current;
      const again = id === undefined ? undefined : rows.rowOf(id);
      if (row >= 0) setActive(again ?? row);
      if (!anchor || following.current || !before.known) return;
      const found = anchor.ids.map((id) => rows.rowOf(id)).find((row) => row !== undefined);
      const lost = newestFirst && counted ? Math.max(now.total - before.total, 0) : 0;
      const moved = found === undefined ? lost : found - anchor.row(found, rows);
      if (moved === 0) return;
      virtualRef.current?.moveByRows(moved);
      if (row >= 0 && again === undefined) setActive(Math.max(row + moved, 0));
      if (moved > 0 && newestFirst) {
        setNews((now) => ({ told: Math.max(now.told - moved, 0), above: now.above + moved }));
      }
    },
    [counted, newestFirst, rows, keys, virtualRef, setActive],
  );
  const onGone = useCallback(
    (page: number) => {
      rows.drop(page);
      keys.delete(page);
    },
    [rows, keys],
  );

  const addNews = useCallback(() => setNews((now) => ({ ...now, told: now.told + 1 })), []);

  /** To what is new: at the top, or at the end. */
  const follow = useCallback(
    async (refetch: () => Promise<unknown>, end = false) => {
      following.current = true;
      try {
        await refetch();
        // The windows report when they are drawn.
        await new Promise((drawn) => setTimeout(drawn, 50));
        virtualRef.current?.scrollToRow(end ? latest.current.total - 1 : 0, 'top');
        setNews(NO_NEWS);
      } finally {
        following.current = false;
      }
    },
    [virtualRef],
  );

  return useMemo(
    () => ({ rows, keys, loaded, active, setActive, news: news.told + news.above, addNews, onReport, onGone, follow }),
    [rows, keys, loaded, active, setActive, news, addNews, onReport, onGone, follow],
  );
}

/** The tasks at the top of the screen, the first of which that is still there says where the list has gone. */
function firstOnScreen(rows: Rows, top: number) {
  const ids: string[] = [];
  const place = new Map<string, number>();
  for (let row = top; row < top + 5; row += 1) {
    const id = rows.idAt(row);
    if (id === undefined) continue;
    ids.push(id);
    place.set(id, row);
  }
  if (ids.length === 0) return undefined;
  return { ids, row: (found: number, now: Rows) => place.get(now.idAt(found) ?? '') ?? found };
}

function grown(before: Loaded, { page, nodes, endCursor }: WindowReport): Loaded {
  const cursors = before.cursors.slice(0, page + 1);
  if (!endCursor) return { total: page * WINDOW + nodes.length, known: true, cursors };
  if (before.cursors[page + 1] === endCursor) return { ...before, known: true };
  // There is more: a few rows hold its place, and reaching them fetches it.
  return { total: (page + 1) * WINDOW + 20, known: true, cursors: [...cursors, endCursor] };
}
