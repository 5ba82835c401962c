/** Hears of every change: newer tasks go into the cache, tasks that are gone leave it, and the list is told when it has changed. */
import { useApolloClient, useSubscription } from '@apollo/client/react';
import type { ApolloClient } from '@apollo/client';
import { useEffect, useRef } from 'react';
import { remember } from '@/client/newer';
import { arrival, listChanged, ownTasks } from '@/client/signals';
import { TaskChangedDocument, type TaskChangedSubscription, TaskFieldsFragmentDoc, TaskRowFragmentDoc } from '@/gql';

const AGAIN_MS = 1_000;

/** `byFields`: whether the list goes by what an update can change, a status or an expiry. */
export function useTaskChanges(byFields: boolean): void {
  const client = useApolloClient();
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { restart } = useSubscription(TaskChangedDocument, {
    fetchPolicy: 'no-cache',
    onData: ({ data: { data } }) => data && apply(client, data.taskChanged, byFields),
    // The line itself comes again; this is a subscription that was refused, as when the service is full.
    onError: () => (again.current = setTimeout(() => restart(), AGAIN_MS)),
  });
  useEffect(() => () => clearTimeout(again.current), []);
}

type Change = TaskChangedSubscription['taskChanged'];

function apply(client: ApolloClient, { kind, id, task }: Change, byFields: boolean): void {
  if (kind === 'MANY' || kind === 'RESYNC') {
    refreshOpenTask(client);
    return listChanged();
  }
  if (!task) {
    if (!id) return;
    client.cache.evict({ id: client.cache.identify({ __typename: 'Task', id }) });
    return listChanged();
  }
  remember(task);
  if (kind === 'CREATED') {
    if (!ownTasks.has(task.id)) arrival.set(task);
    return;
  }
  if (kind === 'RESTORED') return listChanged();
  const cacheId = client.cache.identify({ __typename: 'Task', id: task.id });
  const known = client.cache.readFragment({ fragment: TaskRowFragmentDoc, id: cacheId });
  if (known && known.version < task.version) {
    client.cache.writeFragment({
      id: cacheId,
      fragment: TaskFieldsFragmentDoc,
      fragmentName: 'TaskFields',
      data: task,
    });
  }
  if (!byFields) return;
  const moved = known?.status !== task.status || known.expiresAt !== task.expiresAt;
  if (moved) listChanged();
}

/** The drawer shows more of a task than the list fetches. */
function refreshOpenTask(client: ApolloClient): void {
  for (const query of client.getObservableQueries()) {
    if (query.queryName === 'TaskDetail') void query.refetch();
  }
}
