import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useEffect, useMemo, useState } from 'react';
import { idsCreatedHere, invalidateList, taskCreatedElsewhere } from '@/features/tasks/listEvents';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { NewestMatchesDocument, NewestTasksDocument } from '@/gql';
import { useStore } from '@/ui/store';
import { createThrottle } from '@/ui/throttle';
import { createNewTaskCounter, MAX_COUNTED, type NewTaskCount, type NewTaskCounter } from './newTasks';
import { includesTask, newTasksEnd, type View } from './taskView';
import { listArguments } from './windows';
import type { ListAnchor } from './useListAnchor';
import type { Virtualizer } from './useScaledVirtualizer';

const MIN_INTERVAL_MS = 1_000;
const MIN_DELAY_MS = 30;

interface NewTasks {
  /** Count again soon. Call this when the list has been fetched again. */
  recount: () => void;
  counter: NewTaskCounter;
}

/** Count the tasks that others have added to a view since the person last saw its newest task. */
export function useNewTasks(view: View): NewTasks {
  const client = useApolloClient();
  const { status, where, filter } = view;
  const counted = newTasksEnd(view) !== undefined;
  const [counter] = useState(() => createNewTaskCounter(idsCreatedHere));
  const throttle = useMemo(
    () =>
      createThrottle(() => fetchNewest(client, counter, { status, where, filter }), {
        delayMs: MIN_DELAY_MS,
        intervalMs: MIN_INTERVAL_MS,
      }),
    [client, counter, status, where, filter],
  );
  useEffect(() => throttle.cancel, [throttle]);
  return useMemo(() => ({ recount: counted ? throttle.schedule : () => {}, counter }), [counted, throttle, counter]);
}

async function fetchNewest(
  client: ApolloClient,
  counter: NewTaskCounter,
  { status, where, filter }: Pick<View, 'status' | 'where' | 'filter'>,
): Promise<void> {
  const [first, fetchPolicy] = [MAX_COUNTED, 'no-cache' as const];
  const { data } = filter
    ? await client.query({ query: NewestMatchesDocument, variables: { first, filter }, fetchPolicy })
    : await client.query({
        query: NewestTasksDocument,
        variables: { first, ...listArguments({ status, where }) },
        fetchPolicy,
      });
  if (data) counter.setNewest(data.newest.nodes);
}

interface ObservedList {
  view: View;
  list: ListAnchor;
  virtualizer: Virtualizer;
  newTasks: NewTasks;
}

/** Follow what is on screen and which tasks are created. Returns the number of new tasks. */
export function useNewTaskCount({ view, list, virtualizer, newTasks }: ObservedList): NewTaskCount {
  const client = useApolloClient();
  const { rows, extent } = list;
  const { recount, counter } = newTasks;
  const end = newTasksEnd(view);
  const endRow = end === 'bottom' ? extent.total - 1 : 0;
  const endOnScreen =
    end === 'bottom' ? virtualizer.top + virtualizer.rowsPerScreen() >= endRow : virtualizer.top === 0;
  const seenId = end && extent.known && endOnScreen ? rows.idAt(endRow) : undefined;
  useEffect(() => {
    const task = seenId === undefined ? undefined : readTaskRow(client, seenId);
    if (task) counter.see(task);
  }, [client, counter, seenId]);
  useEffect(() => {
    if (extent.known && extent.total > 0 && !counter.hasSeen()) recount();
  }, [extent, counter, recount]);
  useEffect(
    () =>
      taskCreatedElsewhere.subscribe(() => {
        const task = taskCreatedElsewhere.get();
        if (!task || view.q || !includesTask(view, task)) return;
        // A refetch can load the task before its event arrives.
        if (rows.rowOf(task.id) !== undefined) return;
        // A task waits to be shown only if it belongs beyond the end of the list, and if there is a list.
        if (extent.total > 0 && newTasksEnd(view) && counter.countsAsNew(task)) recount();
        else invalidateList();
      }),
    [view, rows, extent.total, counter, recount],
  );
  return useStore(counter.count);
}
