import { expect, test } from 'vitest';
import { textLocale, userLocale, uses12Hours } from '@/ui/locale';
import { firstDayOfRegion, firstDayOfWeek } from '@/ui/weekStart';

const AT = new Date(2026, 11, 1, 18, 5);
const format = (locale: string) =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(AT);

test.each([
  ['de-DE', 'en', '1 Dec 2026, 18:05'],
  ['en-US', 'en', 'Dec 1, 2026, 6:05 PM'],
  ['en-GB', 'en', '1 Dec 2026, 18:05'],
  ['en-US', 'de', '01.12.2026, 6:05 PM'],
  ['fr-CA', 'en', 'Dec 1, 2026, 18:05'],
])('a person with the locale %s reads dates in "%s" as %s', (user, language, expected) => {
  expect(format(textLocale(user, language)).replace(/\s/g, ' ')).toBe(expected);
});

test('a tag that is not valid is replaced', () => {
  expect(userLocale(['de-AT', 'en'])).toBe('de-AT-u-ca-gregory-nu-latn');
  expect(userLocale(['en-US@posix'])).toBe('en-u-ca-gregory-nu-latn');
});

test('the first day of the week depends on the region', () => {
  expect(['de-DE', 'en-US', 'ar-EG', 'de', 'en'].map(firstDayOfWeek)).toEqual([1, 0, 6, 1, 0]);
  expect(['de-DE', 'en-US', 'ar-EG'].map(uses12Hours)).toEqual([false, true, true]);
});

test('browsers that do not know the first day agree with those that do', () => {
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  const regions = letters.flatMap((first) => letters.map((second) => first + second));
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const wrong = regions
    .filter((region) => region !== 'ZZ' && names.of(region) !== undefined)
    .map((region) => `en-${region}`)
    .filter((locale) => firstDayOfRegion(locale) !== firstDayOfWeek(locale));
  expect(wrong).toEqual([]);
});
