import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import { of } from 'rxjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { TaskFieldsFragmentDoc } from '@/gql';
import { task } from './tasks';

const load = () => import('@/features/task-editing/goneTasks');
let gone: Awaited<ReturnType<typeof load>>;
let drafts: typeof import('@/features/task-editing/drafts');
let existing: string[];
let client: ApolloClient;

/** Load the modules again, as a reload of the page does, with the titles of these tasks as drafts. */
async function reload(...drafted: string[]): Promise<void> {
  vi.resetModules();
  [gone, drafts] = await Promise.all([load(), import('@/features/task-editing/drafts')]);
  draftTitles(...drafted);
}

function draftTitles(...ids: string[]): void {
  for (const id of ids) drafts.writeDraft(`${id}.title`, { text: 'New', version: 1 });
}

function showTask(fields: Parameters<typeof task>[0]): void {
  const data = task(fields);
  const id = client.cache.identify({ __typename: 'Task', id: data.id });
  client.cache.writeFragment({ id, fragment: TaskFieldsFragmentDoc, fragmentName: 'TaskFields', data });
}

beforeEach(async () => {
  sessionStorage.clear();
  await reload();
  existing = [];
  const answer = new ApolloLink(({ variables }) => {
    const nodes = (variables['ids'] as string[]).map((id) =>
      existing.includes(id) ? { __typename: 'Task', id } : null,
    );
    return of({ data: { nodes } });
  });
  client = new ApolloClient({ cache: new InMemoryCache(), link: answer });
});

test('the last known fields and the reason of a task that is gone are remembered', () => {
  showTask({ id: 'a', title: 'Letter' });
  gone.removeGoneTask(client, 'a', 'deleted');
  gone.rememberGoneTask(client, 'a', 'unknown');
  expect(gone.goneTasks.get().get('a')).toMatchObject({ reason: 'deleted', lastSeen: { title: 'Letter' } });
  gone.forgetGoneTasks(['a']);
  expect(gone.goneTasks.get().size).toBe(0);
});

test('a task whose time has passed has expired', () => {
  showTask({ id: 'a', expiresAt: '2026-01-01T00:00:00Z' });
  gone.rememberGoneTask(client, 'a', 'unknown');
  expect(gone.goneTasks.get().get('a')?.reason).toBe('expired');
});

test('the kept text is the draft, or else the last known text', () => {
  showTask({ id: 'a', title: 'Letter', description: 'Old' });
  drafts.writeDraft('a.description', { text: 'New', version: 1 });
  gone.removeGoneTask(client, 'a', 'deleted');
  expect(gone.keptText('a')).toEqual({ title: 'Letter', description: 'New' });
  gone.discardKeptText('a');
  expect(gone.draftedTaskIds()).toEqual([]);
});

test('only drafts of tasks count, and not those of the form for a new task', () => {
  drafts.writeDraft('new.title', { text: 'New', version: 0 });
  drafts.writeDraft('a.title', { text: 'New', version: 1 });
  drafts.writeDraft('a.description', { text: 'New', version: 1 });
  expect(gone.draftedTaskIds()).toEqual(['a']);
});

test('after a reload, the page finds out which drafts belong to tasks that are gone', async () => {
  showTask({ id: 'a', title: 'Letter' });
  draftTitles('a', 'b', 'c');
  gone.removeGoneTask(client, 'a', 'deleted');
  await reload('a', 'b', 'c');
  existing = ['b'];
  await gone.checkDraftedTasks(client);
  expect([...gone.goneTasks.get()].map(([id, { reason, lastSeen }]) => [id, reason, lastSeen.title])).toEqual([
    ['a', 'deleted', 'Letter'],
    ['c', 'unknown', undefined],
  ]);
});

test('a task that exists again is no longer gone', async () => {
  draftTitles('a');
  gone.rememberGoneTask(client, 'a', 'deleted');
  existing = ['a'];
  await gone.checkDraftedTasks(client);
  expect(gone.goneTasks.get().size).toBe(0);
});

test('text that is typed after the task was deleted is kept for a reload too', async () => {
  showTask({ id: 'a', title: 'Letter' });
  gone.removeGoneTask(client, 'a', 'deleted');
  draftTitles('a');
  await reload('a');
  await gone.checkDraftedTasks(client);
  expect(gone.goneTasks.get().get('a')?.lastSeen.title).toBe('Letter');
});
