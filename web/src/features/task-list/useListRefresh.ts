/** Fetches what is shown again when it may have changed: at once, and then a few times a second at most. */
import { useCallback, useEffect, useRef } from 'react';
import { staleness } from '@/features/tasks/listEvents';
import { forgetOthers } from '@/apollo/windowRetention';

const SPACING_MS = 400;

export function useRefresh(refetch: () => Promise<unknown>): () => Promise<unknown> {
  const pending = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  const running = useRef<Promise<unknown>>(Promise.resolve());
  const refresh = useCallback(() => {
    last.current = Date.now();
    forgetOthers();
    running.current = refetch();
    return running.current;
  }, [refetch]);
  useEffect(() => {
    const schedule = () => {
      pending.current ??= setTimeout(
        () => {
          // One after the other: a second would be answered with the first, which may not know what has changed since.
          void running.current.then(() => {
            pending.current = undefined;
            void refresh();
          });
        },
        Math.max(last.current + SPACING_MS - Date.now(), 30),
      );
    };
    const stop = staleness.subscribe(schedule);
    return () => {
      stop();
      clearTimeout(pending.current);
      pending.current = undefined;
    };
  }, [refresh]);
  return refresh;
}
