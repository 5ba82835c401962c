import { beforeEach, expect, test, vi } from 'vitest';

const load = () => import('@/features/task-editing/drafts');
let drafts: Awaited<ReturnType<typeof load>>;

beforeEach(async () => {
  sessionStorage.clear();
  vi.resetModules();
  drafts = await load();
});

test('a draft is read back, and removed', () => {
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  expect(drafts.readDraft('a.title')).toEqual({ text: 'New', version: 1 });
  drafts.writeDraft('a.title', undefined);
  expect(drafts.readDraft('a.title')).toBeUndefined();
  expect(sessionStorage.length).toBe(0);
});

test('a draft survives a reload of the page', async () => {
  drafts.writeDraft('a.title', { text: 'New', version: 3 });
  sessionStorage.setItem('another app', 'its data');
  vi.resetModules();
  const reloaded = await load();
  expect(reloaded.readDraft('a.title')).toEqual({ text: 'New', version: 3 });
});

test('a saved draft is dropped', () => {
  drafts.writeDraft('a.title', { text: ' New ', version: 1 });
  drafts.dropSavedDrafts({ id: 'a', title: 'New' });
  expect(drafts.readDraft('a.title')).toBeUndefined();
});

test('a draft that was edited after it was sent is kept', () => {
  drafts.writeDraft('a.title', { text: 'New and more', version: 1 });
  drafts.dropSavedDrafts({ id: 'a', title: 'New' });
  expect(drafts.readDraft('a.title')?.text).toBe('New and more');
});

test('saving one field keeps the draft of the other field', () => {
  drafts.writeDraft('a.description', { text: 'Text', version: 1 });
  drafts.dropSavedDrafts({ id: 'a', title: 'Text' });
  expect(drafts.readDraft('a.description')?.text).toBe('Text');
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
