/**
 * The lists of tasks that the page knows. A task names its list by id, so that a page of tasks needs no SQL query.
 *
 * A list is read when a task on screen names it, and all lists when the person is to choose one. The service announces no
 * changes of lists: names are read again then, and when the connection returns.
 */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useEffect } from 'react';
import { AllTaskListsDocument, type TaskListFieldsFragment, TaskListNamesDocument } from '@/gql';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { createStore, useStore } from '@/ui/store';

/** The largest number of ids that one query accepts. */
const MAX_IDS = 100;

export type TaskList = Pick<TaskListFieldsFragment, 'id' | 'name' | 'archivedAt' | 'version'>;

/** The known lists by id. Null for one that does not exist. */
export const taskLists = createStore<ReadonlyMap<string, TaskList | null>>(new Map());

const wanted = new Set<string>();
let scheduled = false;

/** Keep the newest version of each list: an answer may arrive after that of a later change. */
export function rememberTaskLists(lists: readonly TaskList[]): void {
  taskLists.set((known) => {
    const newer = lists.filter(({ id, version }) => version > (known.get(id)?.version ?? 0));
    return newer.length === 0 ? known : new Map([...known, ...newer.map((list) => [list.id, list] as const)]);
  });
}

/** Return the list with this id, and read an unknown one. Undefined without an id, and before the answer. */
export function useTaskList(id: string | null): TaskList | undefined {
  const client = useApolloClient();
  const list = useStore(taskLists).get(id ?? '');
  const missing = id !== null && list === undefined;
  useEffect(() => {
    if (missing) wantTaskList(client, id);
  }, [client, missing, id]);
  return list ?? undefined;
}

/** Read all lists that are wanted at the same time together. */
function wantTaskList(client: ApolloClient, id: string): void {
  wanted.add(id);
  if (scheduled) return;
  scheduled = true;
  setTimeout(() => {
    scheduled = false;
    const ids = [...wanted].filter((each) => !taskLists.get().has(each));
    wanted.clear();
    void readTaskLists(client, ids);
  });
}

/** Read the names of all known lists again. */
export function refreshTaskLists(client: ApolloClient): void {
  void readTaskLists(client, [...taskLists.get().keys()]);
}

/** Read lists by id. Without an answer, nothing changes, and rows that appear later ask again. */
async function readTaskLists(client: ApolloClient, ids: string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += MAX_IDS) {
    const chunk = ids.slice(start, start + MAX_IDS);
    try {
      const { data } = await client.query({
        query: TaskListNamesDocument,
        variables: { ids: chunk },
        fetchPolicy: 'no-cache',
      });
      if (!data) return;
      const found = data.nodes.filter((node) => node?.__typename === 'TaskList');
      const missing = chunk.filter((id) => !found.some((list) => list.id === id));
      taskLists.set((known) => new Map([...known, ...missing.map((id) => [id, null] as const)]));
      rememberTaskLists(found);
    } catch {
      return;
    }
  }
}

let reading: Promise<void> | undefined;

/** Read all lists, also archived ones, or wait for a call that is reading them. Rejects without an answer. */
export function readAllTaskLists(client: ApolloClient): Promise<void> {
  reading ??= readPages(client).finally(() => {
    reading = undefined;
  });
  return reading;
}

async function readPages(client: ApolloClient): Promise<void> {
  for (let after: string | null | undefined = null; after !== undefined;) after = await readPageOfLists(client, after);
}

/** Read the lists after a cursor. Return the cursor of the next page, or undefined after the last one. */
async function readPageOfLists(client: ApolloClient, after: string | null): Promise<string | undefined> {
  const { data } = await client.query({
    query: AllTaskListsDocument,
    variables: { after },
    fetchPolicy: 'no-cache',
  });
  rememberTaskLists(data?.taskLists.nodes ?? []);
  const { hasNextPage = false, endCursor = null } = data?.taskLists.pageInfo ?? {};
  return hasNextPage ? (endCursor ?? undefined) : undefined;
}

/** Return the name of a list for a sentence. */
export function listName(id: string): string {
  const list = taskLists.get().get(id);
  return list ? isolate(list.name) : t('tasks.unknownList');
}
