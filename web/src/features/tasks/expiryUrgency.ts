const HOUR_MS = 3_600_000;

export type ExpiryUrgency = 'hour' | 'day' | 'later';

/** Return whether a task disappears within an hour, within a day, or later. */
export function expiryUrgency(expiresAt: string, now: Date): ExpiryUrgency {
  const leftMs = new Date(expiresAt).getTime() - now.getTime();
  if (leftMs < HOUR_MS) return 'hour';
  return leftMs < 24 * HOUR_MS ? 'day' : 'later';
}
