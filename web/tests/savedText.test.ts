import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import { beforeEach, expect, test } from 'vitest';
import { noteUnconfirmed } from '@/features/task-editing/lostAnswers';
import { isTextSaved } from '@/features/task-editing/savedText';
import { TaskFieldsFragmentDoc } from '@/gql';
import { task } from './tasks';

let client: ApolloClient;

function showTask(fields: Parameters<typeof task>[0]): void {
  const data = task(fields);
  const id = client.cache.identify({ __typename: 'Task', id: data.id });
  client.cache.writeFragment({ id, fragment: TaskFieldsFragmentDoc, fragmentName: 'TaskFields', data });
}

beforeEach(() => {
  client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.empty() });
});

test('a text is saved if the task has it', () => {
  showTask({ id: 'a', description: 'Milk' });
  expect(isTextSaved(client, 'a', 'description', 'Milk')).toBe(true);
  expect(isTextSaved(client, 'a', 'description', 'Bread')).toBe(false);
  expect(isTextSaved(client, 'unknown', 'description', 'Milk')).toBe(false);
});

test('a text counts as unsaved while another text of its task is without an answer', () => {
  showTask({ id: 'b', description: 'Milk', version: 3 });
  noteUnconfirmed([{ id: 'b', description: 'Bread', expectedVersion: 3 }]);
  expect(isTextSaved(client, 'b', 'description', 'Milk')).toBe(false);
  showTask({ id: 'b', description: 'Milk', version: 4 });
  expect(isTextSaved(client, 'b', 'description', 'Milk')).toBe(true);
});

test('a text counts as unsaved while an edit in flight shows another one', () => {
  showTask({ id: 'c', description: 'Milk' });
  client.cache.recordOptimisticTransaction(() => showTask({ id: 'c', description: 'Bread' }), 'edit');
  expect(isTextSaved(client, 'c', 'description', 'Milk')).toBe(false);
  expect(isTextSaved(client, 'c', 'description', 'Bread')).toBe(false);
});
