import { describe, expect, test } from 'vitest';
import { formatTaskCount, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import { formatCount, formatDayRange, formatLongDate, formatShortDate, formatTimeLeft, formatTotal } from '@/ui/format';

const now = new Date('2026-06-15T12:00:00Z');
const inMs = (ms: number) => new Date(now.getTime() + ms).toISOString();
const HOUR_MS = 3_600_000;

test('counts have thousands separators', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect([formatTaskCount(1), formatTaskCount(1_200)]).toEqual(['1 task', '1,200 tasks']);
});

test('a count that is not complete has a plus sign', () => {
  expect([false, true].map((exact) => formatTotal({ count: 1_200, exact }))).toEqual(['1,200+', '1,200']);
});

test('a range of days has a year unless it is the current one', () => {
  const [first, last, later] = [new Date(2026, 10, 1), new Date(2026, 10, 27), new Date(2027, 0, 5)];
  // Intl separates the days by a dash between thin spaces.
  const format = (...days: [Date, Date]) => formatDayRange(...days, now).replace(/\s/g, ' ');
  expect(format(first, last)).toBe('Nov 1 – 27');
  expect(format(first, first)).toBe('Nov 1');
  expect(format(first, later)).toBe('Nov 1, 2026 – Jan 5, 2027');
});

test('a short date has a year unless it is the current one', () => {
  expect(formatShortDate('2026-03-05T12:00:00Z', now)).toBe('Mar 5');
  expect(formatShortDate('2025-03-05T12:00:00Z', now)).toBe('Mar 5, 2025');
});

test('a long date has a time', () => {
  expect(formatLongDate('2026-03-05T12:00:00Z')).toMatch(/^Mar 5, 2026, \d+:00/);
});

describe('time left', () => {
  test.each([
    [90_000, 'in 1 min.'],
    [1_000, 'in 1 min.'],
    [5 * HOUR_MS, 'in 5 hr.'],
    [24 * HOUR_MS, 'tomorrow'],
    [3 * 24 * HOUR_MS, 'in 3 days'],
    [30 * 24 * HOUR_MS, 'in 30 days'],
    [31 * 24 * HOUR_MS, 'Jul 16'],
    [200 * 24 * HOUR_MS, 'Jan 1, 2027'],
  ])('%d ms are shown as "%s"', (ms, text) => {
    expect(formatTimeLeft(inMs(ms), now)).toBe(text);
  });
});

test('the options of a select keep the order of the labels', () => {
  expect(selectOptions(STATUS_LABELS).map(({ value }) => value)).toEqual(['TODO', 'IN_PROGRESS', 'DONE']);
});
