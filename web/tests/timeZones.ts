import { afterAll, beforeAll } from 'vitest';

/** Run the tests of a block, or of a file, in a time zone. */
export function inTimeZone(zone: string): void {
  const previous = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = zone;
  });
  afterAll(() => {
    if (previous === undefined) delete process.env['TZ'];
    else process.env['TZ'] = previous;
  });
}
