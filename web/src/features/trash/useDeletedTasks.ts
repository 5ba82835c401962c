/** Loads deleted tasks page by page, and again when the list of tasks changes. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { listVersion } from '@/features/tasks/listEvents';
import { DeletedTasksDocument } from '@/gql';
import { appendPage, type LoadedTasks, NOTHING_LOADED, withoutTasks } from './deletedTasks';

const PAGE_SIZE = 100;
/** A refresh reads again at most this many tasks. The older ones follow when they are scrolled to. */
const MAX_REFRESHED = 1_000;
const MIN_INTERVAL_MS = 400;

export interface DeletedTasks {
  loaded: LoadedTasks;
  /** Whether a first answer has arrived. */
  complete: boolean;
  error: string | undefined;
  loadMore: () => void;
  refresh: () => void;
  remove: (ids: string[]) => void;
}

export function useDeletedTasks(): DeletedTasks {
  const client = useApolloClient();
  const [loaded, setLoaded] = useState(NOTHING_LOADED);
  const [complete, setComplete] = useState(false);
  const [error, setError] = useState<string>();
  const latest = useRef(NOTHING_LOADED);
  const running = useRef<Promise<void> | undefined>(undefined);

  const fetchPage = useCallback(
    async (before: LoadedTasks): Promise<LoadedTasks> => {
      // Not cached: the rest of the page must not find deleted tasks in the cache.
      const { data } = await client.query({
        query: DeletedTasksDocument,
        variables: { first: PAGE_SIZE, after: before.endCursor },
        fetchPolicy: 'no-cache',
      });
      const page = data?.deletedTasks;
      if (!page) return before;
      return appendPage(before, { tasks: page.nodes, ...page.pageInfo });
    },
    [client],
  );
  const run = useCallback((read: () => Promise<LoadedTasks>): void => {
    running.current ??= read()
      .then((next) => {
        latest.current = next;
        setLoaded(next);
        setComplete(true);
        setError(undefined);
      })
      .catch((reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)))
      .finally(() => {
        running.current = undefined;
      });
  }, []);
  const loadMore = useCallback(() => {
    // The end of the list reports once that it is visible, perhaps during a refresh. A longer list has another end.
    const { length } = latest.current.tasks;
    void Promise.resolve(running.current).then(() => {
      const { tasks, hasNextPage } = latest.current;
      if (hasNextPage && tasks.length === length) run(() => fetchPage(latest.current));
    });
  }, [run, fetchPage]);
  const refresh = useCallback(
    () =>
      run(async () => {
        const wanted = Math.min(latest.current.tasks.length, MAX_REFRESHED);
        let next = NOTHING_LOADED;
        do next = await fetchPage(next);
        while (next.hasNextPage && next.tasks.length < wanted);
        return next;
      }),
    [run, fetchPage],
  );
  const remove = useCallback((ids: string[]) => {
    latest.current = withoutTasks(latest.current, ids);
    setLoaded(latest.current);
  }, []);
  useRefreshes(refresh, running);
  return { loaded, complete, error, loadMore, refresh, remove };
}

/** Refresh at once, and after each change of the list, but at most every 400 ms. */
function useRefreshes(refresh: () => void, running: React.RefObject<Promise<void> | undefined>): void {
  useEffect(() => {
    refresh();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = listVersion.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        // An answer in flight may miss the change.
        void Promise.resolve(running.current).then(refresh);
      }, MIN_INTERVAL_MS);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [refresh, running]);
}
