import { beforeEach, expect, test, vi } from 'vitest';
import { NO_CONDITIONS } from '@/features/filters/conditions';
import {
  KEY,
  parseViews,
  removeView,
  renameView,
  savedViews,
  saveView,
  watchSavedViews,
} from '@/features/saved-views/savedViews';
import { queryOf } from '@/features/task-list/viewQuery';

const items = new Map<string, string>();
const storage = {
  getItem: (key: string) => items.get(key) ?? null,
  setItem: (key: string, value: string) => void items.set(key, value),
};
vi.stubGlobal('window', Object.assign(new EventTarget(), { localStorage: storage }));

const stored = () => parseViews(storage.getItem(KEY)).map(({ name }) => name);

beforeEach(() => {
  items.clear();
  watchSavedViews()();
});

test('a view is kept as the URL writes it, without what is its default', () => {
  const view = { ...NO_CONDITIONS, status: null, order: 'NEWEST' as const };
  expect(queryOf(view)).toBe('');
  expect(queryOf({ ...view, status: 'TODO', label: 'bug & fix' })).toBe('?status=TODO&label=bug+%26+fix');
});

test('views are stored, renamed, removed, and brought back to their place', () => {
  saveView('Bugs', '?label=bug');
  saveView('Mine', '?assignee=maria');
  expect(stored()).toEqual(['Bugs', 'Mine']);
  const [first] = savedViews.get();
  renameView(first?.id ?? '', 'All bugs');
  const restore = removeView(first?.id ?? '');
  expect(stored()).toEqual(['Mine']);
  restore();
  expect(stored()).toEqual(['All bugs', 'Mine']);
});

test('the views of other tabs appear, and a full storage keeps them for this page only', () => {
  const stop = watchSavedViews();
  items.set(KEY, JSON.stringify([{ id: '1', name: 'Bugs', query: '?label=bug' }]));
  window.dispatchEvent(Object.assign(new Event('storage'), { key: KEY }));
  stop();
  expect(savedViews.get().map(({ name }) => name)).toEqual(['Bugs']);
  const setItem = vi.spyOn(storage, 'setItem').mockImplementation(() => {
    throw new Error('full');
  });
  expect(saveView('Mine', '?assignee=maria')).toBe(false);
  expect(savedViews.get().map(({ name }) => name)).toEqual(['Bugs', 'Mine']);
  setItem.mockRestore();
});

test('anything else in the storage is ignored', () => {
  const view = { id: '1', name: 'Bugs', query: '?label=bug' };
  expect(parseViews(JSON.stringify([view, view, { ...view, id: 2 }, { ...view, name: '' }, null, 'x']))).toEqual([
    view,
  ]);
  expect([null, '{', '{}', '7'].map(parseViews)).toEqual([[], [], [], []]);
});
