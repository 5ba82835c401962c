/** The language of the page, combined with the customs of the person's own locale. */
import { language as pageLanguage } from './language';

/** Return the locale of the browser, with the calendar and the digits of the page. */
export function userLocale(languages = typeof navigator === 'undefined' ? [] : navigator.languages): string {
  const options = { calendar: 'gregory', numberingSystem: 'latn' } as const;
  try {
    return new Intl.Locale(languages[0] ?? 'en', options).toString();
  } catch {
    // Some browsers pass on a tag of the system that is not valid, such as `en-US@posix`.
    return new Intl.Locale('en', options).toString();
  }
}

/** Return the locale for dates with words: the language of the page, with the order and the clock of the person. */
export function textLocale(user = userLocale(), language: string = pageLanguage): string {
  const region = new Intl.Locale(user).maximize().region;
  const hourCycle = uses12Hours(user) ? 'h12' : 'h23';
  const options = { calendar: 'gregory', numberingSystem: 'latn', hourCycle } as const;
  return new Intl.Locale(language, region === undefined ? options : { ...options, region }).toString();
}

export function uses12Hours(locale: string): boolean {
  return new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions().hour12 ?? false;
}
