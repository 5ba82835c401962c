import { expect, test } from 'vitest';
import { dueUrgency, formatDue } from '@/features/tasks/dueDate';

/** A Friday, in the time zone of the tests. */
const NOW = new Date('2026-11-27T12:00:00');

test.each([
  ['2026-11-27T18:30:00', 'today 6:30 PM', 'today'],
  ['2026-11-28T00:00:00', 'tomorrow', 'later'],
  ['2026-11-29T09:00:00', 'Sun', 'later'],
  ['2026-12-03T09:00:00', 'Thu', 'later'],
  ['2026-12-04T09:00:00', 'Dec 4', 'later'],
  ['2027-01-04T09:00:00', 'Jan 4, 2027', 'later'],
  ['2026-11-27T12:00:00', 'overdue', 'overdue'],
  ['2026-11-26T23:59:00', 'yesterday', 'overdue'],
  ['2026-11-20T09:00:00', '7 days ago', 'overdue'],
  ['2026-09-01T09:00:00', 'Sep 1', 'overdue'],
])('a task that is due at %s is due "%s"', (dueAt, text, urgency) => {
  expect(formatDue(dueAt, NOW).replace(/\s/g, ' ')).toBe(text);
  expect(dueUrgency(dueAt, NOW)).toBe(urgency);
});
