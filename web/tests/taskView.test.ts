import { createLoader, createSerializer } from 'nuqs/server';
import { describe, expect, test } from 'vitest';
import type { Conditions } from '@/features/filters/conditions';
import {
  activeTab,
  dependsOnFields,
  includesTask,
  isCounted,
  newTasksEnd,
  newView,
  tabStatus,
  type View,
  viewKey,
  viewParsers,
  viewTitle,
} from '@/features/task-list/taskView';
import type { TaskFilter } from '@/gql';
import { taskRow } from './tasks';

const parse = createLoader(viewParsers);
const serialize = createSerializer(viewParsers);
const parameters = {
  status: null,
  order: 'NEWEST' as const,
  list: null,
  assignee: null,
  label: null,
  priority: null,
  created: null,
  expires: null,
  due: null,
  q: '',
  task: null,
  row: 1,
};
const view: View = newView(parameters, null);

test('a URL without parameters shows the newest tasks', () => {
  expect(parse(new URLSearchParams())).toEqual(parameters);
});

test('a row that the service cannot number becomes the nearest one that it can', () => {
  const rowOf = (text: string) => parse(new URLSearchParams({ row: text })).row;
  expect(['-5', '0', '7', '999999999999', '9'.repeat(400), 'x'].map(rowOf)).toEqual([
    1, 1, 7, 2_147_483_647, 2_147_483_647, 1,
  ]);
});

test('a view survives its URL', () => {
  const full = {
    status: 'IN_PROGRESS' as const,
    order: 'OLDEST' as const,
    list: '019e1f00-0000-7000-8000-000000000001',
    assignee: 'maria, or leo & co',
    label: 'bug',
    due: 'overdue',
    priority: ['HIGH' as const, 'URGENT' as const],
    created: '2026-11-01..',
    expires: '24h',
    q: 'two words',
    task: 'a',
    row: 1_001,
  };
  expect(serialize(full)).toContain('priority=HIGH,URGENT&created=2026-11-01..&expires=24h');
  expect(parse(new URLSearchParams(serialize(full)))).toEqual(full);
});

test('default values are not written into the URL', () => {
  expect(serialize(parameters)).toBe('');
});

test('unknown values in the URL are ignored', () => {
  expect(parse(new URLSearchParams('status=LOST&order=RANDOM&row=many&priority=TOP&created=9d&expires=soon'))).toEqual(
    parameters,
  );
  expect(parse(new URLSearchParams('priority=URGENT,TOP,LOW')).priority).toEqual(['LOW', 'URGENT']);
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
  const task = taskRow();
  expect(includesTask(view, task)).toBe(true);
  expect(includesTask({ ...view, status: 'DONE' }, task)).toBe(false);
  expect(includesTask({ ...view, order: 'EXPIRING_SOON' }, task)).toBe(false);
  expect(includesTask({ ...view, order: 'EXPIRING_SOON' }, { ...task, expiresAt: '2199-01-01' })).toBe(true);
});

test('updates move tasks only in filtered views', () => {
  expect(dependsOnFields(view)).toEqual([]);
  expect(dependsOnFields({ ...view, status: 'DONE' })).toEqual(['status']);
  expect(dependsOnFields({ ...view, order: 'EXPIRING_SOON' })).toEqual(['expiresAt']);
  expect(dependsOnFields({ ...view, status: 'DONE', q: 'x' })).toEqual(['status']);
  expect(dependsOnFields({ ...view, order: 'EXPIRING_SOON', q: 'x' })).toEqual([]);
});

test('a view of values has a total and any order, and contains the tasks with these values', () => {
  const where = { label: 'bug', status: 'DONE' as const };
  const bugs = newView({ ...parameters, status: 'DONE', label: 'bug', order: 'OLDEST' }, null, where);
  expect([isCounted(bugs), bugs.order, viewTitle(bugs)]).toEqual([true, 'OLDEST', 'Done · Label: bug']);
  expect(viewKey(bugs)).not.toBe(viewKey({ ...bugs, where: null, filter: where }));
  expect(dependsOnFields(bugs)).toEqual(['status', 'labels']);
  const task = taskRow({ status: 'DONE', labels: ['bug', 'web'] });
  expect(includesTask(bugs, task)).toBe(true);
  expect(includesTask(bugs, { ...task, labels: ['web'] })).toBe(false);
  expect(includesTask(bugs, { ...task, status: 'TODO' })).toBe(false);
});

describe('a filtered view', () => {
  const filtered = (conditions: Partial<Conditions>, filter: TaskFilter) =>
    newView({ ...parameters, ...conditions }, filter);
  const urgent = filtered({ priority: ['URGENT'] }, { priority: ['URGENT'] });
  const expiring = filtered({ expires: '24h' }, { expiresAt: { before: '2026-11-28T00:00:00Z' } });

  test('has the order of the service, without page numbers', () => {
    expect(newView({ ...parameters, order: 'OLDEST' }, { priority: ['URGENT'] }).order).toBe('NEWEST');
    expect(expiring.order).toBe('EXPIRING_SOON');
    expect([view, urgent, expiring, { ...view, q: 'x' }].map(isCounted)).toEqual([true, false, false, false]);
  });

  test('ignores an expiry in the URL that cannot be combined', () => {
    const { expires } = newView({ ...parameters, priority: ['URGENT'], expires: '24h' }, null);
    expect(expires).toBeNull();
  });

  test('contains the tasks that meet its conditions', () => {
    expect([taskRow(), taskRow({ priority: 'URGENT' })].map((task) => includesTask(urgent, task))).toEqual([
      false,
      true,
    ]);
  });

  test('changes with the filtered fields, and announces new tasks only in the order of creation', () => {
    expect([urgent, expiring].map(dependsOnFields)).toEqual([['priority'], ['expiresAt']]);
    expect([urgent, expiring].map(newTasksEnd)).toEqual(['top', undefined]);
  });

  test('has a key that does not change with the clock', () => {
    const later = filtered({ expires: '24h' }, { expiresAt: { before: '2026-11-28T00:01:00Z' } });
    expect(viewKey(later)).toBe(viewKey(expiring));
    expect(new Set([view, urgent, expiring].map(viewKey)).size).toBe(3);
  });

  test('has its conditions in its title', () => {
    expect(viewTitle({ ...urgent, status: 'DONE' })).toBe('Done · Priority: Urgent');
    expect(viewTitle(view)).toBe('All tasks');
  });
});
