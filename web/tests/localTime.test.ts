import { describe, expect, test } from 'vitest';
import { dateTimePresets } from '@/features/date-time/dateTimePresets';
import {
  addDays,
  addMonths,
  resolveWallTime,
  timeOnDay,
  type WallTime,
  wallTimeOf,
} from '@/features/date-time/localTime';
import { shiftTime } from '@/features/date-time/relativeDate';
import { inTimeZone } from './timeZones';

function wall(text: string): WallTime {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = text.split(/[-T:]/).map(Number);
  return { year, month, day, hour, minute };
}

const ZONES: { zone: string; once: [string, string]; skipped: [string, string]; repeated: [string, string, string] }[] =
  [
    {
      zone: 'Europe/Berlin',
      once: ['2027-03-28T03:00', '2027-03-28T03:00+02:00'],
      skipped: ['2027-03-28T02:30', '2027-03-28T03:30+02:00'],
      repeated: ['2027-10-31T02:30', '2027-10-31T02:30+02:00', '2027-10-31T02:30+01:00'],
    },
    {
      zone: 'America/New_York',
      once: ['2027-03-14T01:59', '2027-03-14T01:59-05:00'],
      skipped: ['2027-03-14T02:00', '2027-03-14T03:00-04:00'],
      repeated: ['2027-11-07T01:30', '2027-11-07T01:30-04:00', '2027-11-07T01:30-05:00'],
    },
    {
      // The clocks change by half an hour.
      zone: 'Australia/Lord_Howe',
      once: ['2027-10-03T02:30', '2027-10-03T02:30+11:00'],
      skipped: ['2027-10-03T02:15', '2027-10-03T02:45+11:00'],
      repeated: ['2027-04-04T01:45', '2027-04-04T01:45+11:00', '2027-04-04T01:45+10:30'],
    },
    {
      zone: 'Pacific/Chatham',
      once: ['2027-09-26T03:45', '2027-09-26T03:45+13:45'],
      skipped: ['2027-09-26T02:50', '2027-09-26T03:50+13:45'],
      repeated: ['2027-04-04T03:00', '2027-04-04T03:00+13:45', '2027-04-04T03:00+12:45'],
    },
    {
      // The clocks change at midnight.
      zone: 'America/Santiago',
      once: ['2027-09-05T01:00', '2027-09-05T01:00-03:00'],
      skipped: ['2027-09-05T00:00', '2027-09-05T01:00-03:00'],
      repeated: ['2027-04-03T23:30', '2027-04-03T23:30-03:00', '2027-04-03T23:30-04:00'],
    },
  ];

describe.each(ZONES)('the clocks of $zone', ({ zone, once, skipped, repeated }) => {
  inTimeZone(zone);

  test('show most times once', () => {
    expect(resolveWallTime(wall(once[0]))).toMatchObject({ kind: 'once', at: new Date(once[1]) });
  });

  test('skip the times when they go forward', () => {
    expect(resolveWallTime(wall(skipped[0]))).toMatchObject({ kind: 'skipped', at: new Date(skipped[1]) });
  });

  test('repeat the times when they go back', () => {
    const [first, second] = [new Date(repeated[1]), new Date(repeated[2])];
    expect(resolveWallTime(wall(repeated[0]))).toMatchObject({ kind: 'repeated', at: first, second });
    expect(wallTimeOf(second)).toEqual(wall(repeated[0]));
  });

  test('keep their time over a change by days, and elapse by hours', () => {
    const before = resolveWallTime(addDays(wall(repeated[0]), -1)).at;
    const [day, hours] = (['day', 'hour'] as const).map((unit) =>
      shiftTime(before, { amount: unit === 'day' ? 1 : 24, unit }, 'same'),
    );
    expect(day).toMatchObject({ kind: 'repeated', at: new Date(repeated[1]), second: new Date(repeated[2]) });
    expect(Number(hours?.at) - Number(before)).toBe(24 * 3_600_000);
    const week = resolveWallTime(addDays(wallTimeOf(before), 7)).at;
    expect(wallTimeOf(week)).toEqual(addDays(wallTimeOf(before), 7));
  });
});

describe('in a zone without changes', () => {
  inTimeZone('Asia/Kolkata');

  test('each time exists once', () => {
    for (let day = 0; day < 366; day += 1) {
      const time = addDays(wall('2027-01-01T02:30'), day);
      const resolved = resolveWallTime(time);
      expect(resolved.kind).toBe('once');
      expect(wallTimeOf(resolved.at)).toEqual(time);
    }
  });
});

describe('a day without a time', () => {
  inTimeZone('Asia/Kolkata');
  const morning = (day: string, now: string) => timeOnDay(wall(`${day}T00:00`), new Date(`${now}+05:30`), 9);

  test('begins in the morning, or in the next hour of today', () => {
    expect(morning('2026-12-01', '2026-11-27T15:30')).toEqual(wall('2026-12-01T09:00'));
    expect(morning('2026-11-27', '2026-11-27T08:59')).toEqual(wall('2026-11-27T09:00'));
    expect(morning('2026-11-27', '2026-11-27T15:30')).toEqual(wall('2026-11-27T16:00'));
    expect(morning('2026-11-27', '2026-11-27T23:30')).toEqual(wall('2026-11-27T23:59'));
  });
});

test('months end on their last day', () => {
  expect(addMonths(wall('2027-01-31T18:00'), 1)).toEqual(wall('2027-02-28T18:00'));
  expect(addMonths(wall('2027-12-31T18:00'), 2)).toEqual(wall('2028-02-29T18:00'));
  expect(addMonths(wall('2027-11-15T18:00'), 14)).toEqual(wall('2029-01-15T18:00'));
});

describe('the presets of Berlin', () => {
  inTimeZone('Europe/Berlin');
  const presets = (now: string) =>
    Object.fromEntries(dateTimePresets('expiresAt', new Date(now)).map(({ name, at }) => [name, at.toISOString()]));

  test('on a Friday afternoon', () => {
    expect(presets('2026-11-27T15:30:20+01:00')).toEqual({
      hour: '2026-11-27T15:30:20.000Z',
      evening: '2026-11-27T17:00:00.000Z',
      tomorrow: '2026-11-28T08:00:00.000Z',
      monday: '2026-11-30T08:00:00.000Z',
      week: '2026-12-04T14:30:00.000Z',
      month: '2026-12-27T14:30:00.000Z',
    });
  });

  test('at night, and on a Monday', () => {
    const night = presets('2026-11-30T22:00:00+01:00');
    expect(night).not.toHaveProperty('evening');
    expect(night['midnight']).toBe('2026-11-30T23:00:00.000Z');
    expect(night['monday']).toBe('2026-12-07T08:00:00.000Z');
  });

  test('over a change of the clocks', () => {
    // On the evening before the clocks go back, at a time that will exist twice in a day.
    const autumn = presets('2027-10-30T20:00:00+02:00');
    expect(autumn['tomorrow']).toBe('2027-10-31T08:00:00.000Z');
    expect(autumn['week']).toBe('2027-11-06T19:00:00.000Z');
    expect(presets('2027-10-31T02:30:00+02:00')['hour']).toBe('2027-10-31T01:30:00.000Z');
    // A week later, 02:30 does not exist.
    expect(presets('2027-03-21T02:30:00+01:00')['week']).toBe('2027-03-28T01:30:00.000Z');
  });
});

test('a due date is offered at the end of a working day', () => {
  const due = (now: string) => dateTimePresets('dueAt', new Date(now)).map(({ at }) => wallTimeOf(at));
  expect(due('2026-11-27T15:30')).toEqual(
    ['2026-11-27T18:00', '2026-11-28T18:00', '2026-11-30T18:00', '2026-12-04T18:00', '2026-12-27T18:00'].map(wall),
  );
  expect(due('2026-11-27T18:00')[0]).toEqual(wall('2026-11-27T23:59'));
});
