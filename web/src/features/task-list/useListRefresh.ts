import { useEffect, useMemo } from 'react';
import { evictHiddenWindows } from '@/apollo/windowRetention';
import { listVersion } from '@/features/tasks/listEvents';
import { createThrottle } from '@/ui/throttle';

const MIN_INTERVAL_MS = 400;
const MIN_DELAY_MS = 30;

/** Refetch the windows on screen when the list is invalidated, at most every 400 ms. Returns the refetch function. */
export function useListRefresh(refetch: () => Promise<unknown>): () => Promise<unknown> {
  const throttle = useMemo(() => {
    const refresh = () => {
      evictHiddenWindows();
      return refetch();
    };
    // One after the other: Apollo would answer a concurrent refetch with the running one, which may miss a change.
    return createThrottle(refresh, { delayMs: MIN_DELAY_MS, intervalMs: MIN_INTERVAL_MS });
  }, [refetch]);
  useEffect(() => {
    const unsubscribe = listVersion.subscribe(throttle.schedule);
    return () => {
      unsubscribe();
      throttle.cancel();
    };
  }, [throttle]);
  return throttle.runNow;
}
