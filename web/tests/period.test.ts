import { describe, expect, test } from 'vitest';
import { parseRange, periodOf } from '@/features/insight/period';
import { inTimeZone } from './timeZones';

const NOW = Date.UTC(2026, 10, 28, 18, 30, 15);

/** Return the start, the end and the resolution. */
function written(range: string, now = NOW): string {
  const { from, to, resolution } = periodOf(range, now);
  return `${from.toISOString()} ${to.toISOString()} ${resolution}`;
}

test('a range of the URL is a preset or days', () => {
  expect(['hour', 'day', '7d', '30d', '2026-11-01..2026-11-30', '..2026-11-30'].map(parseRange)).toEqual([
    'hour',
    'day',
    '7d',
    '30d',
    '2026-11-01..2026-11-30',
    '..2026-11-30',
  ]);
  expect(['', 'week', '2026-11-30..2026-11-01', '2026-13-01..'].map(parseRange)).toEqual([null, null, null, null]);
});

test('a preset has whole points, and the current one is the last', () => {
  expect(written('hour')).toBe('2026-11-28T17:31:00.000Z 2026-11-28T18:31:00.000Z MINUTE');
  expect(written('day')).toBe('2026-11-27T19:00:00.000Z 2026-11-28T19:00:00.000Z HOUR');
  expect(written('7d')).toBe('2026-11-21T19:00:00.000Z 2026-11-28T19:00:00.000Z HOUR');
  expect(written('30d')).toBe('2026-10-30T00:00:00.000Z 2026-11-29T00:00:00.000Z DAY');
});

describe('days in Berlin', () => {
  inTimeZone('Europe/Berlin');

  test('few days begin at midnight of the person, many at that of UTC', () => {
    expect(written('2026-11-20..2026-11-21')).toBe('2026-11-19T23:00:00.000Z 2026-11-21T23:00:00.000Z HOUR');
    expect(written('2026-10-01..2026-10-31')).toBe('2026-10-01T00:00:00.000Z 2026-11-01T00:00:00.000Z DAY');
  });

  test('a day with a change of the clocks is a day', () => {
    expect(written('2026-10-25..2026-10-25')).toBe('2026-10-24T22:00:00.000Z 2026-10-25T23:00:00.000Z HOUR');
  });

  test('days whose hours are no longer kept are asked for by day', () => {
    expect(written('2026-03-01..2026-03-02')).toBe('2026-03-01T00:00:00.000Z 2026-03-03T00:00:00.000Z DAY');
  });

  test('a range ends now at the latest, and may have one end', () => {
    expect(written('2026-11-28..2027-01-01')).toBe('2026-11-28T00:00:00.000Z 2026-11-29T00:00:00.000Z DAY');
    expect(written('2026-11-27..')).toBe('2026-11-26T23:00:00.000Z 2026-11-28T19:00:00.000Z HOUR');
    expect(written('..2026-10-30')).toBe('2026-10-01T00:00:00.000Z 2026-10-31T00:00:00.000Z DAY');
    expect(written('2027-01-01..2027-01-02')).toMatch(/^2026-12-31T23.* 2027-01-02T23.* HOUR$/);
  });
});
