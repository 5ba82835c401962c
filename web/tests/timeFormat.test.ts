import { describe, expect, test } from 'vitest';
import { expiryUrgency } from '@/features/tasks/expiryUrgency';
import { calendarDays, formatTimeLeft } from '@/ui/format';
import { formatFullTime, formatTimeOfDay, formatRemainingTime, formatWeekdayAndTime } from '@/ui/timeFormat';
import { inTimeZone } from './timeZones';

const plain = (text: string) => text.replace(/\s/g, ' ');

describe('in Berlin', () => {
  inTimeZone('Europe/Berlin');
  const at = new Date('2026-12-01T09:00:00+01:00');

  test('a time has the order and the clock of the person', () => {
    expect(plain(formatFullTime(at, 'en-DE'))).toBe('Tuesday, 1 December 2026 at 09:00 GMT+1');
    expect(plain(formatFullTime(at, 'en-US'))).toBe('Tuesday, December 1, 2026 at 9:00 AM GMT+1');
    expect(plain(formatFullTime(at, 'de-DE'))).toBe('Dienstag, 1. Dezember 2026 um 09:00 GMT+1');
    expect(plain(formatWeekdayAndTime(at, 'en-DE'))).toBe('Tue, 1 Dec 2026, 09:00');
    expect(plain(formatWeekdayAndTime(at, 'en-US'))).toBe('Tue, Dec 1, 2026, 9:00 AM');
  });

  test('the zone tells times apart that the clocks show twice', () => {
    const [first, second] = [new Date('2027-10-31T00:30:00Z'), new Date('2027-10-31T01:30:00Z')];
    expect(formatTimeOfDay(first, {}, 'en-DE')).toBe('02:30');
    expect(formatTimeOfDay(first, { timeZoneName: 'shortOffset' }, 'en-DE')).toBe('02:30 GMT+2');
    expect(formatTimeOfDay(second, { timeZoneName: 'shortOffset' }, 'en-DE')).toBe('02:30 GMT+1');
  });

  test.each([
    ['2026-11-27T15:30:01', 'in 1 minute'],
    ['2026-11-27T16:10:00', 'in 40 minutes'],
    ['2026-11-27T18:00:00', 'in 2 hours'],
    ['2026-11-28T09:00:00', 'in 17 hours'],
    ['2026-11-28T18:00:00', 'tomorrow'],
    ['2026-11-30T01:00:00', 'in 3 days'],
    ['2026-12-18T15:30:00', 'in 3 weeks'],
    ['2027-03-27T15:30:00', 'in 4 months'],
    ['2199-12-31T15:30:00', 'in 173 years'],
  ])('%s is %s', (time, expected) => {
    expect(formatRemainingTime(new Date(time), new Date('2026-11-27T15:30:00'), 'en-DE')).toBe(expected);
  });

  test('a week with a change of the clocks has seven days', () => {
    const [before, after] = [new Date('2027-10-30T09:00:00'), new Date('2027-11-06T09:00:00')];
    expect(formatRemainingTime(after, before, 'de-DE')).toBe('in 7 Tagen');
    expect(calendarDays(before, after)).toBe(7);
    expect(calendarDays(after, before)).toBe(-7);
  });

  test('a row and a field count the same days', () => {
    for (const now of ['2026-11-27T00:10:00', '2026-11-27T12:00:00', '2026-11-27T23:50:00'].map(
      (time) => new Date(time),
    )) {
      for (let hours = 24; hours < 13 * 24; hours += 5) {
        const at = new Date(now.getTime() + hours * 3_600_000);
        expect(formatTimeLeft(at.toISOString(), now)).toBe(formatRemainingTime(at, now, 'en'));
      }
    }
  });
});

test.each([
  [59, 'hour'],
  [60, 'day'],
  [24 * 60 - 1, 'day'],
  [24 * 60, 'later'],
  [-1, 'hour'],
])('a task that expires in %d minutes is urgent: %s', (minutes, urgency) => {
  const now = new Date('2026-11-27T15:30:00Z');
  expect(expiryUrgency(new Date(now.getTime() + minutes * 60_000).toISOString(), now)).toBe(urgency);
});
