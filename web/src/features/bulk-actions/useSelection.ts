/** Which tasks are selected, by id; a range is taken from the row that was picked last. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { cache } from '@/apollo/client';
import { warn } from '@/ui/toast';

/** What one mutation takes. */
const MOST = 1_000;

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (row: number) => void;
  extendTo: (row: number) => void;
  clear: () => void;
  /** Without these: they are gone, or done with. */
  drop: (ids: string[]) => void;
}

export function useSelection(idsBetween: (first: number, last: number) => Promise<string[]>): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const pivot = useRef<number | undefined>(undefined);

  // What is selected stays in the cache, also when its window goes: an edit needs its version.
  useEffect(() => {
    const held = [...ids].map((id) => `Task:${id}`);
    held.forEach((id) => cache.retain(id));
    return () => held.forEach((id) => cache.release(id));
  }, [ids]);

  const toggle = useCallback(
    (row: number) => {
      pivot.current = row;
      void idsBetween(row, row).then(([id]) => {
        if (id === undefined) return;
        setIds((now) => {
          const next = new Set(now);
          if (!next.delete(id)) next.add(id);
          return atMost(next, now);
        });
      });
    },
    [idsBetween],
  );
  const extendTo = useCallback(
    (row: number) => {
      const from = (pivot.current ??= row);
      const [first, last] = from < row ? [from, row] : [row, from];
      if (last - first >= MOST) return warn(TOO_MANY);
      void idsBetween(first, last).then((range) => setIds((now) => atMost(new Set([...now, ...range]), now)));
    },
    [idsBetween],
  );
  const clear = useCallback(() => {
    pivot.current = undefined;
    setIds(new Set());
  }, []);
  const drop = useCallback((gone: string[]) => {
    setIds((now) => (gone.some((id) => now.has(id)) ? new Set([...now].filter((id) => !gone.includes(id))) : now));
  }, []);
  return useMemo(() => ({ ids, toggle, extendTo, clear, drop }), [ids, toggle, extendTo, clear, drop]);
}

const TOO_MANY = `At most ${MOST.toLocaleString('en')} tasks can be selected: that is what one change takes.`;

function atMost(next: ReadonlySet<string>, now: ReadonlySet<string>): ReadonlySet<string> {
  if (next.size <= MOST) return next;
  warn(TOO_MANY);
  return now;
}
