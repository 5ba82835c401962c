/** Stores drafts in IndexedDB, so that they survive a closed tab. Each entry belongs to the tab that wrote it. */
import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import { knownOwner } from '@/apollo/session';

/** A draft in the form in which it is stored. */
export interface StoredDraft {
  text: string;
  version: number;
  base?: string;
  /** When the person started typing, in milliseconds since 1970. Drafts are sent in this order. */
  startedAt: number;
}

const SEPARATOR = '/';
const databases = new Map<string, UseStore>();

/** Each person has a database for each workspace, so that no one else sends their drafts. */
function databaseOf(owner: string): UseStore {
  const known = databases.get(owner) ?? createStore(['millitask', owner].filter(Boolean).join(' '), 'drafts');
  databases.set(owner, known);
  return known;
}

/** Return the database of the present person. Without identity, it is that of the browser. */
async function openDatabase(): Promise<UseStore> {
  return databaseOf(await knownOwner());
}

/** Return the number of drafts that all tabs have stored. */
export async function countStoredDrafts(): Promise<number> {
  const database = await openDatabase();
  return database('readonly', (store) => promisifyRequest(store.count()));
}

/** Delete every draft of a person in a workspace. */
export async function deleteDrafts(owner: string): Promise<void> {
  await databaseOf(owner)('readwrite', (store) => {
    store.clear();
    return commit(store);
  });
}

/** Store the drafts of a tab, and remove those that are undefined. Rejects if the storage is blocked or full. */
export async function storeDrafts(owner: string, changes: Iterable<[string, StoredDraft | undefined]>): Promise<void> {
  const database = await openDatabase();
  await database('readwrite', (store) => {
    for (const [key, draft] of changes) {
      if (draft) store.put(draft, owner + SEPARATOR + key);
      else store.delete(owner + SEPARATOR + key);
    }
    return commit(store);
  });
}

/** Return the ids of the tabs that have stored drafts. */
export async function listOwners(): Promise<string[]> {
  const database = await openDatabase();
  const names = await database('readonly', (store) => promisifyRequest(store.getAllKeys() as IDBRequest<string[]>));
  return [...new Set(names.map((name) => name.split(SEPARATOR)[0] ?? ''))];
}

/** Move the drafts that `select` returns from one tab to another. */
export async function moveDrafts(
  from: string,
  to: string,
  select: (found: [string, StoredDraft][]) => [string, StoredDraft][],
): Promise<void> {
  const range = IDBKeyRange.bound(from + SEPARATOR, `${from}${SEPARATOR}\uffff`);
  const database = await openDatabase();
  await database('readwrite', async (store) => {
    const [names, values] = await Promise.all([
      promisifyRequest(store.getAllKeys(range) as IDBRequest<string[]>),
      promisifyRequest(store.getAll(range) as IDBRequest<StoredDraft[]>),
    ]);
    const found = values.map((draft, i): [string, StoredDraft] => [names[i]?.slice(from.length + 1) ?? '', draft]);
    for (const [key, draft] of select(found)) {
      store.delete(from + SEPARATOR + key);
      store.put(draft, to + SEPARATOR + key);
    }
    await commit(store);
  });
}

/** Ask for the commit at once: the tab may be closed before the browser would commit by itself. */
function commit(store: IDBObjectStore): Promise<undefined> {
  store.transaction.commit();
  return promisifyRequest(store.transaction);
}
