/** Hears of every change: newer tasks go into the cache, tasks that are gone leave it, and the list is told when it has changed. */
import { useApolloClient } from '@apollo/client/react';
import type { ApolloClient } from '@apollo/client';
import { remember } from '@/apollo/versionGuardLink';
import { arrival, listChanged, ownTasks } from '@/features/tasks/listEvents';
import { TaskChangedDocument, type TaskChangedSubscription, TaskFieldsFragmentDoc, TaskRowFragmentDoc } from '@/gql';
import { useLasting } from './useResilientSubscription';

/** `byFields`: whether the list goes by what an update can change, a status or an expiry. */
export function useTaskChanges(byFields: boolean): void {
  const client = useApolloClient();
  useLasting(TaskChangedDocument, ({ taskChanged }) => apply(client, taskChanged, byFields));
}

type Change = TaskChangedSubscription['taskChanged'];

function apply(client: ApolloClient, { kind, id, task }: Change, byFields: boolean): void {
  if (kind === 'MANY' || kind === 'RESYNC') {
    forgetGone(client);
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
  if (kind === 'RESTORED') {
    forgetGone(client, task.id);
    return listChanged();
  }
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

/** Who has asked for a task that was deleted knows that it was gone; it is there again. */
function forgetGone(client: ApolloClient, id?: string): void {
  client.cache.evict({ id: 'ROOT_QUERY', fieldName: 'task', ...(id === undefined ? {} : { args: { id } }) });
}

/** The drawer shows more of a task than the list fetches. */
function refreshOpenTask(client: ApolloClient): void {
  for (const query of client.getObservableQueries()) {
    if (query.queryName === 'TaskDetail') void query.refetch();
  }
}
