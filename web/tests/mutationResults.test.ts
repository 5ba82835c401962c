import { expect, test } from 'vitest';
import { isVersionConflict, summarizeErrors } from '@/features/task-editing/mutationResults';

const gone = { message: 'The task does not exist.', code: 'NOT_FOUND' as const };
const conflict = { message: 'Someone else has changed the task.', code: 'VERSION_CONFLICT' as const };

test('each distinct reason is told once', () => {
  const results = [{ userErrors: [gone] }, { userErrors: [gone] }, { userErrors: [conflict] }, { userErrors: [] }];
  expect(summarizeErrors(results)).toEqual({
    count: 3,
    text: 'The task does not exist. Someone else has changed the task.',
  });
});

test('a version conflict is recognized by its code', () => {
  expect(isVersionConflict({ userErrors: [conflict] })).toBe(true);
  expect(isVersionConflict({ userErrors: [gone] })).toBe(false);
  expect(isVersionConflict(undefined)).toBe(false);
});
