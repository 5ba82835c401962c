import { afterEach, describe, expect, test } from 'vitest';
import { conditionLabels } from '@/features/filters/conditionLabels';
import {
  combinable,
  type Conditions,
  historyOf,
  matchesFilter,
  matchesWhere,
  NO_CONDITIONS,
  parseCreated,
  parseDue,
  parseExpires,
  parseListId,
  parsePriorities,
  parseValue,
  taskFilter,
  taskWhere,
} from '@/features/filters/conditions';
import { dayOf, parseDayRange, startOfDay, writeDayRange } from '@/features/filters/dayRange';
import { taskRow } from './tasks';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const conditions = (some: Partial<Conditions>): Conditions => ({ ...NO_CONDITIONS, ...some });
const now = new Date('2026-11-27T10:00:00Z');

describe('values in the URL', () => {
  test('priorities are put into one order, and unknown ones are left out', () => {
    expect(parsePriorities('URGENT,HIGH,URGENT,TOP')).toEqual(['HIGH', 'URGENT']);
    expect([parsePriorities(''), parsePriorities('urgent')]).toEqual([null, null]);
  });

  test('ranges are relative, or two days', () => {
    expect(['today', '7d', '30d', '2026-11-01..2026-11-27', '..2026-11-27'].map(parseCreated)).not.toContain(null);
    expect(['24h', '7d', '2026-11-27..'].map(parseExpires)).not.toContain(null);
    expect(['', '24h', '8d', 'constructor', 'x..y'].map(parseCreated)).toEqual([null, null, null, null, null]);
    expect(['today', '30d'].map(parseExpires)).toEqual([null, null]);
  });

  test('a range of days that does not exist or is empty is none', () => {
    const texts = ['..', '2026-02-30..', '2026-11-28..2026-11-27', '0026-11-01..', '2026-11-01', '..9999-12-31'];
    expect(texts.map(parseDayRange)).toEqual(texts.map(() => null));
  });

  test('a range of days survives the URL', () => {
    for (const text of ['2026-11-01..2026-11-27', '2026-11-01..', '..2026-11-27', '2026-11-27..2026-11-27']) {
      const range = parseDayRange(text);
      expect(range && writeDayRange(range)).toBe(text);
    }
  });

  test('an expiry that is combined with other conditions is ignored', () => {
    const all = conditions({ priority: ['HIGH'], created: '7d', expires: '24h' });
    expect(combinable(all)).toEqual({ ...all, expires: null });
    expect(combinable(conditions({ expires: '24h' }))).toEqual(conditions({ expires: '24h' }));
  });
});

describe('a view that the service counts', () => {
  const list = '019e1f00-0000-7000-8000-000000000001';

  test('has one value of each field, and the status', () => {
    expect(taskWhere(NO_CONDITIONS, 'DONE')).toBeNull();
    expect(taskWhere(conditions({ list }), null)).toEqual({ list });
    const all = conditions({ assignee: 'maria', label: 'bug', priority: ['HIGH'] });
    expect(taskWhere(all, 'DONE')).toEqual({ assignee: 'maria', label: 'bug', priority: 'HIGH', status: 'DONE' });
  });

  test('has no range and no choice of several values', () => {
    const ranges = [
      { due: 'today' },
      { created: '7d' },
      { expires: '24h' },
      { priority: ['LOW' as const, 'HIGH' as const] },
    ];
    expect(ranges.map((range) => taskWhere(conditions({ list, ...range }), null))).toEqual([null, null, null, null]);
  });

  test('contains the tasks with its values', () => {
    const task = taskRow({ listId: list, assignee: 'maria', labels: ['bug'], priority: 'HIGH' });
    expect(matchesWhere({ list, assignee: 'maria', label: 'bug', priority: 'HIGH' }, task)).toBe(true);
    expect(
      [{ list: 'x' }, { assignee: 'leo' }, { label: 'bu' }, { priority: 'LOW' as const }].map((where) =>
        matchesWhere(where, task),
      ),
    ).toEqual([false, false, false, false]);
  });
});

test('lists, people and labels in the URL have the form that the service accepts', () => {
  expect(['', 'x', '019E1F00-0000-7000-8000-000000000001'].map(parseListId)).toEqual([
    null,
    null,
    '019e1f00-0000-7000-8000-000000000001',
  ]);
  expect(['', ' ', 'a b', 'x'.repeat(51)].map(parseValue('label'))).toEqual([null, null, 'a b', null]);
  expect(parseValue('label')('\u{1e922}'.repeat(50))).not.toBeNull();
  expect(['overdue', 'today', '7d', '2026-11-01..', 'soon'].map(parseDue)).toEqual([
    'overdue',
    'today',
    '7d',
    '2026-11-01..',
    null,
  ]);
});

test('a due date is overdue now, or in days of the calendar', () => {
  process.env['TZ'] = 'Europe/Berlin';
  const due = (range: string) => taskFilter(conditions({ due: range }), null, now)?.dueAt;
  expect(due('overdue')).toEqual({ from: null, before: '2026-11-27T10:00:00.000Z' });
  expect(due('today')).toEqual({ from: '2026-11-26T23:00:00.000Z', before: '2026-11-27T23:00:00.000Z' });
  expect(due('7d')).toEqual({ from: '2026-11-26T23:00:00.000Z', before: '2026-12-03T23:00:00.000Z' });
});

test('Back undoes the start and the end of a condition, but not a change of its value', () => {
  const [high, low] = [conditions({ priority: ['HIGH'] }), conditions({ priority: ['LOW'] })];
  expect([historyOf(NO_CONDITIONS, high), historyOf(high, NO_CONDITIONS), historyOf(high, low)]).toEqual([
    'push',
    'push',
    'replace',
  ]);
});

describe('the filter of the service', () => {
  test('has the status of the tab', () => {
    expect(taskFilter(NO_CONDITIONS, 'DONE', now)).toBeNull();
    const filter = { status: 'DONE', priority: ['HIGH'], createdAt: null, expiresAt: null };
    expect(taskFilter(conditions({ priority: ['HIGH'] }), 'DONE', now)).toEqual(filter);
  });

  test('begins a relative creation time at midnight, also where the clock has changed since', () => {
    process.env['TZ'] = 'Europe/Berlin';
    const createdFrom = (created: string, at: string) =>
      taskFilter(conditions({ created }), null, new Date(at))?.createdAt?.from;
    expect(createdFrom('today', '2026-11-27T10:00:00Z')).toBe('2026-11-26T23:00:00.000Z');
    expect(createdFrom('7d', '2026-11-27T10:00:00Z')).toBe('2026-11-20T23:00:00.000Z');
    expect(createdFrom('7d', '2026-10-27T10:00:00Z')).toBe('2026-10-20T22:00:00.000Z');
    // A day later, the same link means a day later.
    expect(createdFrom('today', '2026-11-28T10:00:00Z')).toBe('2026-11-27T23:00:00.000Z');
  });

  test('ends a relative expiry after so many hours', () => {
    const before = (expires: string) => taskFilter(conditions({ expires }), null, now)?.expiresAt;
    expect(before('24h')).toEqual({ from: null, before: '2026-11-28T10:00:00.000Z' });
    expect(before('7d')).toEqual({ from: null, before: '2026-12-04T10:00:00.000Z' });
  });

  test('contains both days of a range, also the short day of a change of the clock', () => {
    process.env['TZ'] = 'Europe/Berlin';
    const filter = taskFilter(conditions({ created: '2026-03-28..2026-03-29' }), null, now);
    expect(filter?.createdAt).toEqual({ from: '2026-03-27T23:00:00.000Z', before: '2026-03-29T22:00:00.000Z' });
    const open = taskFilter(conditions({ expires: '2026-03-29..' }), null, now);
    expect(open?.expiresAt).toEqual({ from: '2026-03-28T23:00:00.000Z', before: null });
  });

  test('a day is that of the calendar of the person', () => {
    process.env['TZ'] = 'Pacific/Auckland';
    expect(dayOf(now)).toBe('2026-11-27');
    expect(dayOf(new Date('2026-11-27T12:00:00Z'))).toBe('2026-11-28');
    expect(dayOf(startOfDay(now, 1))).toBe('2026-11-28');
  });
});

test('a task matches if it meets every condition, with the start of a range but without its end', () => {
  const range = { from: '2026-11-01T00:00:00Z', before: '2026-11-02T00:00:00Z' };
  const created = (createdAt: string) => matchesFilter({ createdAt: range }, taskRow({ createdAt }));
  expect(created('2026-11-01T00:00:00.000000Z')).toBe(true);
  expect(created('2026-11-01T23:59:59.999999Z')).toBe(true);
  expect([created('2026-10-31T23:59:59.999999Z'), created('2026-11-02T00:00:00.000000Z')]).toEqual([false, false]);
  const task = taskRow({ status: 'DONE', priority: 'HIGH' });
  expect(matchesFilter({ status: 'DONE', priority: ['LOW', 'HIGH'] }, task)).toBe(true);
  expect(matchesFilter({ status: 'TODO', priority: ['HIGH'] }, task)).toBe(false);
  expect(matchesFilter({ status: 'DONE', priority: ['LOW'] }, task)).toBe(false);
  expect(matchesFilter({ expiresAt: {} }, task)).toBe(false);
});

test('conditions are named in words', () => {
  const year = new Date().getFullYear();
  const labels = (some: Partial<Conditions>) =>
    conditionLabels(conditions(some)).map((label) => label.replace(/\s/g, ' '));
  expect(labels({ priority: ['HIGH', 'URGENT'], created: '7d' })).toEqual([
    'Priority: High, Urgent',
    'Created: last 7 days',
  ]);
  expect(labels({ created: `${year}-11-01..${year}-11-27` })).toEqual(['Created: Nov 1 – 27']);
  expect(labels({ expires: '24h' })).toEqual(['Expires: within 24 hours']);
  expect(labels({ expires: `${year}-11-01..` })).toEqual(['Expires: from Nov 1']);
  expect(labels({ expires: '..1999-12-31' })).toEqual(['Expires: until Dec 31, 1999']);
});
