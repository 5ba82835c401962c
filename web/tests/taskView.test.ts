import { createLoader, createSerializer } from 'nuqs/server';
import { expect, test } from 'vitest';
import {
  activeTab,
  dependsOnFields,
  includesTask,
  tabStatus,
  type View,
  viewKey,
  viewParsers,
} from '@/features/task-list/taskView';

const parse = createLoader(viewParsers);
const serialize = createSerializer(viewParsers);
const view: View = { status: null, order: 'NEWEST', q: '', task: null, row: 1 };

test('a URL without parameters shows the newest tasks', () => {
  expect(parse(new URLSearchParams())).toEqual(view);
});

test('a view survives its URL', () => {
  const full: View = { status: 'IN_PROGRESS', order: 'OLDEST', q: 'two words', task: 'a', row: 1_001 };
  expect(parse(new URLSearchParams(serialize(full)))).toEqual(full);
});

test('default values are not written into the URL', () => {
  expect(serialize(view)).toBe('');
});

test('unknown values in the URL are ignored', () => {
  expect(parse(new URLSearchParams('status=LOST&order=RANDOM&row=many'))).toEqual(view);
});

test('views with different lists have different keys', () => {
  const done = { ...view, status: 'DONE' as const };
  const keys = [view, done, { ...view, order: 'OLDEST' as const }, { ...view, q: 'x' }, { ...done, q: 'x' }];
  expect(new Set(keys.map(viewKey)).size).toBe(5);
  expect(viewKey({ ...view, row: 5, task: 'a' } as View)).toBe(viewKey(view));
});

test('a view is shown in the tab of its status', () => {
  expect(activeTab({ status: 'DONE' })).toBe('DONE');
  expect(activeTab({ status: null })).toBe('ALL');
  expect([tabStatus('ALL'), tabStatus('DONE'), tabStatus(null)]).toEqual([null, 'DONE', null]);
});

test('a new task belongs into the views that list it', () => {
  const task = { status: 'TODO' as const, expiresAt: null };
  expect(includesTask(view, task)).toBe(true);
  expect(includesTask({ ...view, status: 'DONE' }, task)).toBe(false);
  expect(includesTask({ ...view, order: 'EXPIRING_SOON' }, task)).toBe(false);
  expect(includesTask({ ...view, order: 'EXPIRING_SOON' }, { ...task, expiresAt: '2199-01-01' })).toBe(true);
});

test('updates move tasks only in filtered views', () => {
  expect(dependsOnFields(view)).toBe(false);
  expect(dependsOnFields({ ...view, status: 'DONE' })).toBe(true);
  expect(dependsOnFields({ ...view, order: 'EXPIRING_SOON' })).toBe(true);
  expect(dependsOnFields({ ...view, status: 'DONE', q: 'x' })).toBe(true);
  expect(dependsOnFields({ ...view, order: 'EXPIRING_SOON', q: 'x' })).toBe(false);
});
