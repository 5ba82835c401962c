import dayjs from 'dayjs';

const PRESET_HOUR = 18;

/** Return the times that the expiry menu offers, in the person's time zone. */
export function expiryPresets(now = dayjs()): { label: string; expiresAt: string }[] {
  const evening = (day: dayjs.Dayjs) => day.hour(PRESET_HOUR).startOf('hour').toISOString();
  return [
    { label: 'In an hour', expiresAt: now.add(1, 'hour').toISOString() },
    { label: 'Tomorrow', expiresAt: evening(now.add(1, 'day')) },
    { label: 'In a week', expiresAt: evening(now.add(7, 'day')) },
    { label: 'In a month', expiresAt: evening(now.add(1, 'month')) },
  ];
}
