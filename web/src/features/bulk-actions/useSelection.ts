/** The selected tasks. A range starts at the row that was toggled last. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { cache } from '@/apollo/client';
import { fetchTaskRange } from '@/features/bulk-changes/taskRange';
import type { PlacedTask, TaskQuery, TaskSet } from '@/features/bulk-changes/taskSet';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { addTasks, allTasks, MAX_OPTIMISTIC_TASKS, NO_TASKS, removeIds, rowRange, toggleTask } from './selection';

export interface Selection {
  tasks: TaskSet;
  toggle: (row: number) => void;
  extendTo: (row: number) => void;
  selectAll: () => void;
  clear: () => void;
  /** Deselect these tasks. */
  remove: (ids: string[]) => void;
}

type FetchIdsInRange = (first: number, last: number) => Promise<string[]>;

export function useSelection(
  { status, order, q, where, filter }: TaskQuery,
  fetchIdsInRange: FetchIdsInRange,
): Selection {
  const client = useApolloClient();
  const [tasks, setTasks] = useState<TaskSet>(NO_TASKS);
  const pivot = useRef<number | undefined>(undefined);
  const query = useMemo(() => ({ status, order, q, where, filter }), [status, order, q, where, filter]);
  useRetainedTasks(tasks);

  const toggle = useCallback(
    (row: number) => {
      pivot.current = row;
      reportFailure(
        fetchIdsInRange(row, row).then(([id]) => {
          if (id !== undefined) setTasks((current) => toggleTask(current, readPlacedTask(client, id)));
        }),
      );
    },
    [client, fetchIdsInRange],
  );
  const extendTo = useCallback(
    (row: number) => {
      const { first, last, short } = rowRange((pivot.current ??= row), row);
      reportFailure(
        short || query.q || query.filter
          ? fetchIdsInRange(first, last).then((ids) => {
              const added = ids.map((id) => readPlacedTask(client, id));
              setTasks((current) => addTasks(current, added));
            })
          : fetchTaskRange(client, query, first, last).then((range) => setTasks({ ...NO_TASKS, range })),
      );
    },
    [client, fetchIdsInRange, query],
  );
  const selectAll = useCallback(() => setTasks(allTasks(query)), [query]);
  const clear = useCallback(() => {
    pivot.current = undefined;
    setTasks(NO_TASKS);
  }, []);
  const remove = useCallback((ids: string[]) => setTasks((current) => removeIds(current, ids)), []);
  return useMemo(
    () => ({ tasks, toggle, extendTo, selectAll, clear, remove }),
    [tasks, toggle, extendTo, selectAll, clear, remove],
  );
}

/**
 * Keep selected tasks in the cache when their window is evicted, because an edit needs their version.
 *
 * A change of many tasks reads them from the service instead.
 */
function useRetainedTasks({ included }: TaskSet): void {
  useEffect(() => {
    if (included.size > MAX_OPTIMISTIC_TASKS) return;
    const retained = [...included].map((id) => `Task:${id}`);
    retained.forEach((id) => cache.retain(id));
    return () => retained.forEach((id) => cache.release(id));
  }, [included]);
}

/** Only a selected range asks where a task is placed. */
function readPlacedTask(client: ApolloClient, id: string): PlacedTask {
  return readTaskRow(client, id) ?? { id, createdAt: '', expiresAt: null };
}

function reportFailure(selecting: Promise<unknown>): void {
  selecting.catch((error: unknown) => showErrorToast(t('bulk.notSelected', { reason: errorMessage(error) })));
}
