import { ServerError } from '@apollo/client';
import { expect, test } from 'vitest';
import { UnreachableError } from '@/apollo/unreachableError';
import { isVersionConflict, requestErrorMessage, summarizeErrors } from '@/features/task-editing/mutationResults';

const gone = { message: 'The task does not exist.', code: 'NOT_FOUND' as const };
const conflict = { message: 'The task has changed.', code: 'VERSION_CONFLICT' as const };

test('each distinct reason is told once', () => {
  const results = [{ userErrors: [gone] }, { userErrors: [gone] }, { userErrors: [conflict] }, { userErrors: [] }];
  expect(summarizeErrors(results)).toEqual({ count: 3, text: 'The task does not exist. The task has changed.' });
});

test('a version conflict is recognized by its code', () => {
  expect(isVersionConflict({ userErrors: [conflict] })).toBe(true);
  expect(isVersionConflict({ userErrors: [gone] })).toBe(false);
  expect(isVersionConflict(undefined)).toBe(false);
});

test.each(['Failed to fetch', 'Load failed', 'NetworkError when attempting to fetch resource.'])(
  'a request without an answer may have saved the change: %s',
  (browserMessage) => {
    expect(requestErrorMessage(new UnreachableError(new TypeError(browserMessage)))).toBe(
      'The service cannot be reached. The change may or may not have been saved. Unsaved text is kept as a draft.',
    );
  },
);

test('an answer of a proxy does not tell whether the change was saved', () => {
  const error = new ServerError('Response not successful: Received status code 502', {
    response: new Response('Bad Gateway', { status: 502 }),
    bodyText: 'Bad Gateway',
  });
  expect(requestErrorMessage(error)).toContain('502 The change may or may not have been saved.');
});

test('other errors are shown in the words of the service', () => {
  expect(requestErrorMessage(new Error('The network of tasks is full.'))).toBe('The network of tasks is full.');
  expect(requestErrorMessage('Stopped')).toBe('Stopped');
});
