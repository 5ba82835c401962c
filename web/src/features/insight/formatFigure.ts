/** Numbers, shares, sizes and times as the page writes them, in its locale. */
import type { InsightsResolution } from '@/gql/insight';
import { locale } from '@/ui/language';
import { textLocale } from '@/ui/locale';
import { formatTimeOfDay } from '@/ui/timeFormat';

/** In place of a figure that was not measured. */
export const NONE = '–';

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
const THOUSAND = 1000;

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const change = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' });

export type Format = (value: number) => string;

export const formatNumber: Format = (value) => whole.format(value);
export const formatCompact: Format = (value) => compact.format(value);
export const formatShare: Format = (value) => percent.format(value);

/** Return "1.5 MB", in powers of 1,000. */
export const formatBytes: Format = (value) => {
  const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / 3);
  const unit = Math.min(Math.max(power, 0), BYTE_UNITS.length - 1);
  const options = { style: 'unit', unit: BYTE_UNITS[unit] ?? 'byte', unitDisplay: unit ? 'short' : 'narrow' } as const;
  return new Intl.NumberFormat(locale, { ...options, maximumFractionDigits: unit ? 1 : 0 }).format(
    value / THOUSAND ** unit,
  );
};

/** Return "4.2 ms", or "420 ms". */
export const formatLatency: Format = (value) =>
  new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: 'millisecond',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);

/** Return a figure, or a dash without one. */
export function orNone(value: number | null | undefined, format: Format): string {
  return value === null || value === undefined ? NONE : format(value);
}

/** Return "+12%", or undefined without a previous figure. */
export function formatChange(value: number, previous: number): string | undefined {
  return previous > 0 ? change.format(value / previous - 1) : undefined;
}

/** Days are counted in UTC, hours and minutes are shown on the clock of the person. */
function zoneOf(resolution: InsightsResolution): { timeZone?: string } {
  return resolution === 'DAY' ? { timeZone: 'UTC' } : {};
}

/** Return "Nov 27", or "Nov 27, 09:00" for hours and minutes. */
export function formatPoint(time: Date, resolution: InsightsResolution): string {
  return formatDay(time, resolution) + (resolution === 'DAY' ? '' : `, ${formatTimeOfDay(time)}`);
}

/** Return "Nov 27". */
export function formatDay(time: Date, resolution: InsightsResolution): string {
  return new Intl.DateTimeFormat(textLocale(), { month: 'short', day: 'numeric', ...zoneOf(resolution) }).format(time);
}

/** Return "Nov 1 – 30, 2026", or "Nov 27, 2026, 08:00 – 09:00". The end is exclusive. */
export function formatPeriod(from: Date, to: Date, resolution: InsightsResolution): string {
  const days = { month: 'short', day: 'numeric', year: 'numeric', ...zoneOf(resolution) } as const;
  if (resolution === 'DAY') return new Intl.DateTimeFormat(textLocale(), days).formatRange(from, new Date(+to - 1));
  return new Intl.DateTimeFormat(textLocale(), { ...days, hour: '2-digit', minute: '2-digit' }).formatRange(from, to);
}
