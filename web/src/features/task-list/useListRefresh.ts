import { useCallback, useEffect, useRef } from 'react';
import { evictHiddenWindows } from '@/apollo/windowRetention';
import { listVersion } from '@/features/tasks/listEvents';

const MIN_INTERVAL_MS = 400;
/** Collects events that arrive together. */
const MIN_DELAY_MS = 30;

/** Refetch the windows on screen when the list is invalidated, at most every 400 ms. Returns the refetch function. */
export function useListRefresh(refetch: () => Promise<unknown>): () => Promise<unknown> {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastRefreshAt = useRef(0);
  const running = useRef<Promise<unknown>>(Promise.resolve());
  const refresh = useCallback(() => {
    lastRefreshAt.current = Date.now();
    evictHiddenWindows();
    running.current = refetch();
    return running.current;
  }, [refetch]);
  useEffect(() => {
    const schedule = () => {
      timer.current ??= setTimeout(
        () => {
          // Apollo would answer a concurrent refetch with the running one, which may miss the latest change.
          void running.current.then(() => {
            timer.current = undefined;
            void refresh();
          });
        },
        Math.max(lastRefreshAt.current + MIN_INTERVAL_MS - Date.now(), MIN_DELAY_MS),
      );
    };
    const unsubscribe = listVersion.subscribe(schedule);
    return () => {
      unsubscribe();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [refresh]);
  return refresh;
}
