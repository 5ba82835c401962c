/** The selected tasks, by id. A range starts at the row that was toggled last. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { cache } from '@/apollo/client';
import { formatCount } from '@/ui/format';
import { showErrorToast } from '@/ui/toast';
import { addIds, MAX_SELECTED, removeIds, rowRange, toggleId } from './selection';

const LIMIT_MESSAGE = `You can select up to ${formatCount(MAX_SELECTED)} tasks at a time.`;

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (row: number) => void;
  extendTo: (row: number) => void;
  clear: () => void;
  /** Deselect these tasks. */
  remove: (ids: string[]) => void;
}

export function useSelection(fetchIdsInRange: (first: number, last: number) => Promise<string[]>): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const pivot = useRef<number | undefined>(undefined);

  // Selected tasks stay in the cache when their window is evicted, because an edit needs their version.
  useEffect(() => {
    const retained = [...ids].map((id) => `Task:${id}`);
    retained.forEach((id) => cache.retain(id));
    return () => retained.forEach((id) => cache.release(id));
  }, [ids]);

  const toggle = useCallback(
    (row: number) => {
      pivot.current = row;
      void fetchIdsInRange(row, row).then(([id]) => {
        if (id !== undefined) setIds((current) => withinLimit(toggleId(current, id), current));
      });
    },
    [fetchIdsInRange],
  );
  const extendTo = useCallback(
    (row: number) => {
      const range = rowRange((pivot.current ??= row), row);
      if (!range) return showErrorToast(LIMIT_MESSAGE);
      void fetchIdsInRange(range.first, range.last).then((inRange) =>
        setIds((current) => withinLimit(addIds(current, inRange), current)),
      );
    },
    [fetchIdsInRange],
  );
  const clear = useCallback(() => {
    pivot.current = undefined;
    setIds(new Set());
  }, []);
  const remove = useCallback((removed: string[]) => setIds((current) => removeIds(current, removed)), []);
  return useMemo(() => ({ ids, toggle, extendTo, clear, remove }), [ids, toggle, extendTo, clear, remove]);
}

function withinLimit(next: ReadonlySet<string>, current: ReadonlySet<string>): ReadonlySet<string> {
  if (next.size <= MAX_SELECTED) return next;
  showErrorToast(LIMIT_MESSAGE);
  return current;
}
