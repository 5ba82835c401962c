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
  const running = useRef<Promise<void>>(Promise.resolve());
  const failed = useRef(false);

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
  // Reads run one after the other, each from what the one before has loaded. A read may find that it is not needed.
  const run = useCallback((read: () => Promise<LoadedTasks | undefined>): void => {
    running.current = running.current
      .then(read)
      .then((next) => {
        if (!next) return;
        failed.current = false;
        latest.current = next;
        setLoaded(next);
        setComplete(true);
        setError(undefined);
      })
      .catch((reason: unknown) => {
        failed.current = true;
        setError(reason instanceof Error ? reason.message : String(reason));
      });
  }, []);
  const loadMore = useCallback(() => {
    const { length } = latest.current.tasks;
    run(async () => {
      const { tasks, hasNextPage } = latest.current;
      // A list that has grown since has another end, which reports for itself. After a failure, a person decides.
      return hasNextPage && tasks.length === length && !failed.current ? fetchPage(latest.current) : undefined;
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
  useRefreshes(refresh);
  return { loaded, complete, error, loadMore, refresh, remove };
}

/** Refresh at once, and after each change of the list, but at most every 400 ms. */
function useRefreshes(refresh: () => void): void {
  useEffect(() => {
    refresh();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = listVersion.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        refresh();
      }, MIN_INTERVAL_MS);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [refresh]);
}
