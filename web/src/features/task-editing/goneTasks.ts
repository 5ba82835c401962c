/** The tasks that were deleted or have expired while this tab showed them or keeps unsaved text for them. */
import type { ApolloClient } from '@apollo/client';
import { setBounded } from '@/apollo/boundedMap';
import { ownKey } from '@/apollo/session';
import { invalidateList } from '@/features/tasks/listEvents';
import { ExistingTasksDocument, type TaskFieldsFragment } from '@/gql';
import { createStore, useStore } from '@/ui/store';
import { draftKey, isFormDraft, listDrafts, ownerOfDraft, readDraft, subscribeToDrafts, writeDraft } from './drafts';
import { TEXT_FIELDS, type TextField } from './fieldConflicts';
import { readCachedTask } from './readCachedTask';

/** Why a task is gone. `unknown` is one of the first two, and `lost` means that it cannot be restored any more. */
export type GoneReason = 'deleted' | 'expired' | 'unknown' | 'lost';

export interface GoneTask {
  reason: GoneReason;
  /** The fields that the page has seen last. */
  lastSeen: Partial<TaskFieldsFragment>;
}

type GoneTasks = ReadonlyMap<string, GoneTask>;

export const STORAGE_KEY = 'millitask.gone-tasks';
const MAX_REMEMBERED_TASKS = 100;
/** The largest number of ids that one query accepts. */
const MAX_IDS = 100;

export const goneTasks = createStore<GoneTasks>(new Map());
// A reload keeps what is known about the tasks with unsaved text.
goneTasks.subscribe(storeGoneTasks);
subscribeToDrafts(storeGoneTasks);

export function useGoneTask(id: string | undefined): GoneTask | undefined {
  const tasks = useStore(goneTasks);
  return id === undefined ? undefined : tasks.get(id);
}

/** Remove a task from the cache and the list, and remember why it is gone. */
export function removeGoneTask(client: ApolloClient, id: string, reason: GoneReason): void {
  rememberGoneTask(client, id, reason);
  client.cache.evict({ id: client.cache.identify({ __typename: 'Task', id }) });
  invalidateList();
}

export function rememberGoneTask(client: ApolloClient, id: string, reason: GoneReason): void {
  const known = goneTasks.get().get(id);
  const lastSeen = { ...known?.lastSeen, ...readCachedTask(client, id, false) };
  const isExpired = !!lastSeen.expiresAt && Date.parse(lastSeen.expiresAt) <= Date.now();
  const betterReason = reason !== 'unknown' ? reason : isExpired ? 'expired' : (known?.reason ?? reason);
  const next = new Map(goneTasks.get());
  setBounded(next, id, { reason: betterReason, lastSeen }, MAX_REMEMBERED_TASKS);
  goneTasks.set(next);
}

/** Forget that tasks were gone: they exist again, or nothing is kept for them. */
export function forgetGoneTasks(ids: string[]): void {
  if (!ids.some((id) => goneTasks.get().has(id))) return;
  const forgotten = new Set(ids);
  goneTasks.set(new Map([...goneTasks.get()].filter(([id]) => !forgotten.has(id))));
}

/** Find out which tasks with unsaved text are gone, for example while this tab was closed or offline. */
export async function checkDraftedTasks(client: ApolloClient): Promise<void> {
  if (!loaded) goneTasks.set((current) => new Map([...loadGoneTasks(), ...current]));
  loaded = true;
  const ids = draftedTaskIds();
  for (let i = 0; i < ids.length; i += MAX_IDS) await checkTasks(client, ids.slice(i, i + MAX_IDS));
}

async function checkTasks(client: ApolloClient, ids: string[]): Promise<void> {
  const { data } = await client.query({ query: ExistingTasksDocument, variables: { ids }, fetchPolicy: 'no-cache' });
  const existing = new Set(data?.nodes.flatMap((node) => node?.id ?? []));
  forgetGoneTasks(ids.filter((id) => existing.has(id)));
  for (const id of ids.filter((each) => !existing.has(each))) rememberGoneTask(client, id, 'unknown');
}

/** Return the ids of the tasks with unsaved text. */
export function draftedTaskIds(): string[] {
  const keys = listDrafts().map(([key]) => key);
  const ofTasks = keys.filter(
    (key) => !isFormDraft(key) && TEXT_FIELDS.some((field) => key === draftKey(ownerOfDraft(key), field)),
  );
  return [...new Set(ofTasks.map(ownerOfDraft))];
}

/** Return the text that is kept for a task: of each field its draft, or else what the page has seen last. */
export function keptText(id: string): Record<TextField, string> {
  const lastSeen = goneTasks.get().get(id)?.lastSeen;
  const textOf = (field: TextField) => readDraft(draftKey(id, field))?.text ?? lastSeen?.[field] ?? '';
  return { title: textOf('title'), description: textOf('description') };
}

export function discardKeptText(id: string): void {
  for (const field of TEXT_FIELDS) writeDraft(draftKey(id, field), undefined);
  forgetGoneTasks([id]);
}

let stored = '';
let loaded = false;

function storeGoneTasks(): void {
  const tasks = goneTasks.get();
  const kept = draftedTaskIds().flatMap((id): [string, GoneTask][] => {
    const task = tasks.get(id);
    return task ? [[id, task]] : [];
  });
  const text = kept.length > 0 ? JSON.stringify(kept) : '';
  if (text === stored) return;
  stored = text;
  try {
    sessionStorage.setItem(ownKey(STORAGE_KEY), text);
  } catch {
    // Without storage, a reload asks the service which tasks are gone.
  }
}

function loadGoneTasks(): GoneTasks {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(ownKey(STORAGE_KEY)) || '[]') as [string, GoneTask][]);
  } catch {
    return new Map();
  }
}
