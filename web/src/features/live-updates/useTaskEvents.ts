/** Applies live events: writes newer tasks into the cache, evicts removed ones, and invalidates the list. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useEffect } from 'react';
import { firstAnswers, missedChanges } from '@/apollo/feedStart';
import { rememberRemoval, rememberVersion } from '@/apollo/versionGuardLink';
import { checkDraftedTasks, forgetGoneTasks, removeGoneTask } from '@/features/task-editing/goneTasks';
import {
  idsCreatedHere,
  invalidateList,
  noteTasksChanged,
  type PlacingField,
  taskCreatedElsewhere,
} from '@/features/tasks/listEvents';
import { isSameValue } from '@/features/task-editing/fieldConflicts';
import { refreshTaskLists } from '@/features/tasks/taskLists';
import {
  TaskChangedDocument,
  type TaskChangedSubscription,
  type TaskFieldsFragment,
  TaskFieldsFragmentDoc,
  TaskRowFragmentDoc,
} from '@/gql';
import { useResilientSubscription } from './useResilientSubscription';

type TaskEvent = TaskChangedSubscription['taskChanged'];

/** `placingFields`: the fields whose update can move a task into the list on screen or out of it. */
export function useTaskEvents(placingFields: readonly PlacingField[]): void {
  const client = useApolloClient();
  useResilientSubscription(TaskChangedDocument, ({ taskChanged }) =>
    applyTaskEvent(client, taskChanged, placingFields),
  );
  useEffect(
    () =>
      missedChanges.subscribe(() => {
        fetchAgain(client);
        noteTasksChanged();
      }),
    [client],
  );
  useEffect(() => void firstAnswers().then(() => checkDrafts(client)), [client]);
}

/** Fetch what is on screen again: changes may be missing. */
function fetchAgain(client: ApolloClient): void {
  evictTaskQueries(client);
  refetchOpenTask(client);
  checkDrafts(client);
  invalidateList();
}

function checkDrafts(client: ApolloClient): void {
  // Without an answer, the next connection asks again.
  checkDraftedTasks(client).catch(() => undefined);
}

function applyTaskEvent(
  client: ApolloClient,
  { kind, id, task }: TaskEvent,
  placingFields: readonly PlacingField[],
): void {
  noteTasksChanged();
  if (kind === 'RESYNC') refreshTaskLists(client);
  if (kind === 'MANY' || kind === 'RESYNC') return fetchAgain(client);
  if (!task) {
    if (!id) return;
    rememberRemoval(id);
    return removeGoneTask(client, id, kind === 'EXPIRED' ? 'expired' : 'deleted');
  }
  rememberVersion(task);
  forgetGoneTasks([task.id]);
  if (kind === 'CREATED') {
    if (!idsCreatedHere.has(task.id)) taskCreatedElsewhere.set(task);
    return;
  }
  if (kind === 'RESTORED') {
    evictTaskQueries(client, task.id);
    return invalidateList();
  }
  applyUpdate(client, task, placingFields);
}

function applyUpdate(client: ApolloClient, task: TaskFieldsFragment, placingFields: readonly PlacingField[]): void {
  const cacheId = client.cache.identify({ __typename: 'Task', id: task.id });
  const cached = client.cache.readFragment({ fragment: TaskRowFragmentDoc, id: cacheId });
  if (cached && cached.version < task.version) {
    client.cache.writeFragment({
      id: cacheId,
      fragment: TaskFieldsFragmentDoc,
      fragmentName: 'TaskFields',
      data: task,
    });
  }
  if (placingFields.some((field) => !isSameValue(field, cached?.[field], task[field]))) invalidateList();
}

/** Evict cached `task` queries: one of them may say that a task does not exist, which is no longer true. */
function evictTaskQueries(client: ApolloClient, id?: string): void {
  client.cache.evict({ id: 'ROOT_QUERY', fieldName: 'task', ...(id === undefined ? {} : { args: { id } }) });
}

/** The drawer shows fields that the list does not fetch, so refetching the list does not update it. */
function refetchOpenTask(client: ApolloClient): void {
  for (const query of client.getObservableQueries()) {
    if (query.queryName === 'TaskDetail') void query.refetch();
  }
}
