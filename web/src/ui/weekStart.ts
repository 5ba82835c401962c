/** The first day of the week. */

/** Where weeks do not begin on Monday (CLDR 48), by day, for browsers without `getWeekInfo`. 0 is Sunday. */
const FIRST_DAYS: [DayOfWeek, string][] = [
  [
    0,
    'AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN IS JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE ' +
      'PH PK PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW',
  ],
  [5, 'MV'],
  [6, 'AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY'],
];

export type DayOfWeek = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Some browsers have a method, earlier ones a property, and others neither. */
interface WeekLocale {
  getWeekInfo?: () => { firstDay: number };
  weekInfo?: { firstDay: number };
}

/** Return 0 for Sunday to 6 for Saturday. */
export function firstDayOfWeek(locale: string): DayOfWeek {
  const parsed = new Intl.Locale(locale) as WeekLocale;
  const info = parsed.getWeekInfo?.() ?? parsed.weekInfo;
  return info ? ((info.firstDay % 7) as DayOfWeek) : firstDayOfRegion(locale);
}

export function firstDayOfRegion(locale: string): DayOfWeek {
  const region = new Intl.Locale(locale).maximize().region ?? '';
  return FIRST_DAYS.find(([, regions]) => regions.split(' ').includes(region))?.[0] ?? 1;
}
