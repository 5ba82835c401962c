import { describe, expect, test } from 'vitest';
import { formatForTyping } from '@/features/date-time/dateWords';
import { dateTimeProblem, parseDateTime } from '@/features/date-time/parseDateTime';
import { TIME_RULES } from '@/features/date-time/timeFields';
import { inTimeZone } from './timeZones';

inTimeZone('Europe/Berlin');

/** A Friday. */
const NOW = new Date('2026-11-27T15:30:00+01:00');
const US = { user: 'en-US', text: 'en-US' };
const GERMANY = { user: 'de-DE', text: 'en-DE' };

function parsed(text: string, locales = US): string | undefined {
  const at = parseDateTime(text, NOW, locales, 9)?.at;
  return at && formatForTyping(at, 'sv-SE');
}

test.each([
  ['12/1/2026, 9:05 AM', '2026-12-01 9:05'],
  ['12/1/26 9 pm', '2026-12-01 21:00'],
  ['12/1/2026 12 a.m.', '2026-12-01 0:00'],
  ['12/1/2026 17:30', '2026-12-01 17:30'],
  ['2026-12-01 09:05', '2026-12-01 9:05'],
  ['2026-12-01T09:05', '2026-12-01 9:05'],
  ['Dec 1', '2026-12-01 9:00'],
  ['1 December 2026 at 18:00', '2026-12-01 18:00'],
  ['Tuesday, December 1, 2026 at 9:05 AM', '2026-12-01 9:05'],
  ['3/1', '2027-03-01 9:00'],
  ['Monday', '2026-11-30 9:00'],
  ['friday 8:00', '2026-12-04 8:00'],
  ['tomorrow', '2026-11-28 9:00'],
  ['Today 18:00', '2026-11-27 18:00'],
  ['today', '2026-11-27 16:00'],
  ['in 3 days', '2026-11-30 15:30'],
  ['in 1 month at 8:00', '2026-12-27 8:00'],
  ['in 90 minutes', '2026-11-27 17:00'],
  ['18:00', '2026-11-27 18:00'],
  ['9 am', '2026-11-28 9:00'],
])('"%s" is %s', (text, expected) => {
  expect(parsed(text)).toBe(expected);
});

test.each([
  ['1.12.2026, 9:05', '2026-12-01 9:05'],
  ['1.12.2026 9.05', '2026-12-01 9:05'],
  ['1.12.', '2026-12-01 9:00'],
  ['Dienstag, 1. Dezember um 15:00', '2026-12-01 15:00'],
  ['Di 1. Dez', '2026-12-01 9:00'],
  ['übermorgen 8:00', '2026-11-29 8:00'],
  ['in 3 Tagen', '2026-11-30 15:30'],
  ['tomorrow', '2026-11-28 9:00'],
])('a German may write "%s" for %s on an English page', (text, expected) => {
  expect(parsed(text, GERMANY)).toBe(expected);
});

test.each([
  '',
  'soon',
  'next year',
  '2/30/2026',
  '13/1/2026',
  '25:00',
  '9:61',
  '13 pm',
  '12/1/2026/7',
  '1 2 3 4',
  'in 3',
  'in 3 dayz',
  'in 2 hours at 9:00',
  'Dec Jan 1',
  'Monday Tuesday',
  '12/1/202',
  'tomorrow 5',
])('"%s" is no date', (text) => {
  expect(parsed(text)).toBeUndefined();
});

test('"am" before a number is no time in German', () => {
  expect(parsed('am 1. Dezember 15:00', GERMANY)).toBeUndefined();
});

describe('what the page writes can be read', () => {
  test.each(
    'en-US en-GB en-CA en-AU en-IN de-DE de-AT fr-FR fr-CA es-ES es-MX it-IT nl-NL pt-BR pl-PL cs-CZ hu-HU bg-BG ru-RU uk-UA fi-FI da-DK sv-SE nb-NO ja-JP ko-KR zh-CN zh-TW ar-EG he-IL fa-IR th-TH tr-TR hi-IN id-ID vi-VN el-GR ro-RO lt-LT'.split(
      ' ',
    ),
  )('in %s', (name) => {
    const locale = `${name}-u-ca-gregory-nu-latn`;
    for (const iso of ['2026-12-01T09:05', '2027-02-11T00:00', '2027-10-12T12:30', '2028-02-29T23:59']) {
      const at = new Date(iso);
      expect(parseDateTime(formatForTyping(at, locale), NOW, { user: locale, text: locale }, 9)?.at).toEqual(at);
    }
  });
});

test('an expiry is in the future and before the year 2200, and a due date can be in the past', () => {
  const problems = (iso: string) =>
    [TIME_RULES.expiresAt, TIME_RULES.dueAt].map((rules) => dateTimeProblem(new Date(iso), NOW, rules));
  expect(problems('2026-11-27T15:30:00+01:00')).toEqual(['past', undefined]);
  expect(problems('2026-11-27T15:30:00.001+01:00')).toEqual([undefined, undefined]);
  expect(problems('1970-01-01T00:00:00Z')).toEqual(['past', undefined]);
  expect(problems('1969-12-31T23:59:59Z')).toEqual(['past', 'too early']);
  expect(problems('2199-12-31T23:59:59Z')).toEqual([undefined, undefined]);
  expect(problems('2200-01-01T00:00:00Z')).toEqual(['too late', 'too late']);
});

test('a due date without a time is the end of the working day', () => {
  const due = (text: string) => parseDateTime(text, NOW, US, TIME_RULES.dueAt.hour)?.at;
  expect(due('tomorrow')).toEqual(new Date('2026-11-28T18:00:00+01:00'));
  expect(due('11/1/2026')).toEqual(new Date('2026-11-01T18:00:00+01:00'));
  expect(due('Monday 8:00')).toEqual(new Date('2026-11-30T08:00:00+01:00'));
});
