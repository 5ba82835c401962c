import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';

const load = async () => ({
  ...(await import('@/features/task-editing/drafts')),
  ...(await import('@/features/task-editing/sentDrafts')),
  ...(await import('@/features/task-editing/draftStorage')),
  ...(await import('@/features/task-editing/tabOwnership')),
});
let drafts: Awaited<ReturnType<typeof load>>;

/** Load the modules again, as another tab does. The tabs share the storage. */
async function openTab(): Promise<typeof drafts> {
  vi.resetModules();
  return load();
}

/** Store a draft as a tab that is gone has left it. */
async function leaveDraft(key: string, text: string, owner = 'closed-tab', startedAt = 1): Promise<void> {
  await drafts.storeDrafts(owner, [[key, { text, version: 3, startedAt }]]);
}

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  drafts = await openTab();
});

test('a draft is read back, and removed', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  expect(drafts.readDraft('a.title')).toMatchObject({ text: 'New', version: 1 });
  drafts.writeDraft('a.title', undefined);
  expect(drafts.readDraft('a.title')).toBeUndefined();
});

test('a draft is stored at once, and its removal too', async () => {
  drafts.writeDraft('a.title', { text: 'N', version: 3 });
  drafts.writeDraft('a.title', { text: 'New', version: 3 });
  drafts.writeDraft('b.title', { text: 'Other', version: 3 });
  drafts.writeDraft('b.title', undefined);
  const stored: string[] = [];
  await vi.waitFor(async () => {
    await drafts.moveDrafts(drafts.tabId, drafts.tabId, (found) => {
      stored.splice(0, stored.length, ...found.map(([key, { text }]) => `${key}: ${text}`));
      return [];
    });
    expect(stored).toEqual(['a.title: New']);
  });
});

test('the drafts of a closed tab are taken over, once', async () => {
  await leaveDraft('a.title', 'New');
  await leaveDraft('a.description', 'Text');
  expect((await drafts.adoptDrafts(true)).adopted).toEqual(['a.description', 'a.title']);
  expect(drafts.readDraft('a.title')).toMatchObject({ text: 'New', version: 3 });
  expect(await drafts.listOwners()).toEqual([drafts.tabId]);
  expect((await (await openTab()).adoptDrafts(true)).adopted).toEqual([]);
});

test('the drafts of an open tab are left alone', async () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  await vi.waitFor(async () => expect(await drafts.listOwners()).toEqual([drafts.tabId]));
  const other = await openTab();
  expect((await other.adoptDrafts(true)).adopted).toEqual([]);
  expect(other.readDraft('a.title')).toBeUndefined();
});

test('without Web Locks, tabs ask each other', async () => {
  vi.stubGlobal('navigator', {});
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  await vi.waitFor(async () => expect(await drafts.listOwners()).toEqual([drafts.tabId]));
  await leaveDraft('b.title', 'Left');
  const other = await openTab();
  expect((await other.adoptDrafts(true)).adopted).toEqual(['b.title']);
  vi.unstubAllGlobals();
});

test('a draft of a closed tab does not replace a newer one, and waits until that one is gone', async () => {
  await leaveDraft('a.title', 'Left');
  drafts.writeDraft('a.description', { text: 'Typed here', version: 4 });
  expect((await drafts.adoptDrafts(true)).adopted).toEqual([]);
  drafts.writeDraft('a.description', undefined);
  expect((await drafts.adoptDrafts(true)).adopted).toEqual(['a.title']);
});

test('the form of a closed tab is taken over only by a tab that opens', async () => {
  await leaveDraft('new.title', 'Left');
  expect((await drafts.adoptDrafts(false)).adopted).toEqual([]);
  expect((await drafts.adoptDrafts(true)).adopted).toEqual(['new.title']);
});

test('drafts are listed in the order in which they were started', async () => {
  drafts.writeDraft('c.title', { text: 'Third', version: 1 });
  await leaveDraft('b.title', 'Second', 'closed-tab', 2);
  await leaveDraft('a.title', 'First', 'closed-tab', 1);
  await drafts.adoptDrafts(true);
  drafts.writeDraft('a.title', { text: 'First, edited', version: 1 });
  expect(drafts.listDrafts().map(([key]) => key)).toEqual(['a.title', 'b.title', 'c.title']);
});

test.each([
  ['missing', undefined],
  ['blocked', { open: () => expect.fail('The user denied permission.') }],
])('drafts work in memory if the storage is %s', async (_, storage) => {
  globalThis.indexedDB = storage as unknown as IDBFactory;
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  expect((await drafts.adoptDrafts(true)).adopted).toEqual([]);
  await vi.waitFor(() => expect(drafts.storageFailed.get()).toBe(true));
  expect(drafts.readDraft('a.title')?.text).toBe('New');
});

test('storage that works again is used again', async () => {
  const works = globalThis.indexedDB;
  globalThis.indexedDB = undefined as unknown as IDBFactory;
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  await vi.waitFor(() => expect(drafts.storageFailed.get()).toBe(true));
  globalThis.indexedDB = works;
  drafts.writeDraft('b.title', { text: 'Other', version: 1 });
  await vi.waitFor(() => expect(drafts.storageFailed.get()).toBe(false));
  const next = await openTab();
  await vi.waitFor(async () => expect(await next.listOwners()).toEqual([drafts.tabId]));
  // The text that could not be stored before is stored too.
  const keys: string[] = [];
  await next.moveDrafts(drafts.tabId, drafts.tabId, (found) => {
    keys.push(...found.map(([key]) => key));
    return [];
  });
  expect(keys).toEqual(['a.title', 'b.title']);
});

test('a saved draft is dropped, and said to be saved', () => {
  drafts.writeDraft('a.title', { text: ' New ', version: 1 });
  drafts.setDraftStatus(['a.title'], { kind: 'saving' });
  drafts.dropSavedDrafts({ id: 'a', title: 'New' });
  expect(drafts.readDraft('a.title')).toBeUndefined();
  expect(drafts.readDraftStatus('a.title')).toEqual({ kind: 'saved' });
});

test('a draft that was edited after it was sent is kept', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  drafts.markSending([{ input: { id: 'a', title: 'New', expectedVersion: 1 }, base: {} }]);
  drafts.writeDraft('a.title', { text: 'New and more', version: 1 });
  drafts.dropSavedDrafts({ id: 'a', title: 'New' });
  expect(drafts.readDraft('a.title')?.text).toBe('New and more');
  expect(drafts.readDraftStatus('a.title')).toBeUndefined();
});

test('saving one field keeps the draft of the other field', () => {
  drafts.writeDraft('a.description', { text: 'Text', version: 1 });
  drafts.dropSavedDrafts({ id: 'a', title: 'Text' });
  expect(drafts.readDraft('a.description')?.text).toBe('Text');
});

test('a draft that is sent builds on the version that it is sent with', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  drafts.markSending([{ input: { id: 'a', title: 'New', expectedVersion: 4 }, base: {} }]);
  expect(drafts.readDraft('a.title')?.version).toBe(4);
  expect(drafts.readDraftStatus('a.title')).toEqual({ kind: 'saving' });
  drafts.markUnsaved({ id: 'a', title: 'New' }, { kind: 'failed', reason: 'Too long.' });
  expect(drafts.readDraftStatus('a.title')).toEqual({ kind: 'failed', reason: 'Too long.' });
});

test('an input that also changes a choice does not consist of drafts only', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  expect(drafts.sendsOnlyDrafts({ id: 'a', title: 'New', expectedVersion: 1 })).toBe(true);
  expect(drafts.sendsOnlyDrafts({ id: 'a', title: 'New', status: 'DONE' })).toBe(false);
  expect(drafts.sendsOnlyDrafts({ id: 'a', description: 'Undone' })).toBe(false);
});

test('drafts follow the version that an own edit creates', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  drafts.writeDraft('b.title', { text: 'Other', version: 1 });
  drafts.rebaseDrafts('a', 1, 2);
  expect(drafts.readDraft('a.title')?.version).toBe(2);
  expect(drafts.readDraft('b.title')?.version).toBe(1);
});

test('a draft on an older version still conflicts', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  drafts.rebaseDrafts('a', 4, 5);
  expect(drafts.readDraft('a.title')?.version).toBe(1);
});
