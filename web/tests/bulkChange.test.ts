import { expect, test } from 'vitest';
import { failureMessage } from '@/features/bulk-changes/bulkChange';

test('the message about tasks that failed names what did not happen to them', () => {
  const failures = new Map([
    ['Someone else has changed the task.', 2],
    ['The task has expired.', 1],
  ]);
  expect(failureMessage('delete', failures)).toBe(
    '3 tasks were not deleted. Someone else has changed the task. The task has expired.',
  );
  expect(failureMessage('restore', new Map([['It was purged.', 1]]))).toBe('1 task was not restored. It was purged.');
  expect(failureMessage('update', new Map())).toBeUndefined();
});
