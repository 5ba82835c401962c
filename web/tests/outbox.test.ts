import 'fake-indexeddb/auto';
import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import { from } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { updateConnection } from '@/apollo/connection';
import { resendLink } from '@/apollo/resendLink';
import { serialMutationLink } from '@/apollo/serialMutationLink';
import { UnreachableError } from '@/apollo/unreachableError';
import { rememberVersion, versionGuardLink } from '@/apollo/versionGuardLink';
import { listDrafts, readDraft, readDraftStatus, writeDraft } from '@/features/task-editing/drafts';
import { editConflicts } from '@/features/task-editing/editConflicts';
import { commitDrafts, startOutbox } from '@/features/task-editing/outbox';
import { changeHistory } from '@/features/task-editing/undoStack';
import { type TaskFieldsFragment, TaskRowFragmentDoc, type UpdateTaskInput } from '@/gql';
import { task, taskRow } from './tasks';

/** What the service would answer, for the operations that the outbox sends. */
class Service {
  readonly tasks = new Map<string, TaskFieldsFragment>();
  readonly received: UpdateTaskInput[] = [];
  /** What happens to the next mutations: the request is lost, or the answer. */
  readonly faults: ('request' | 'answer')[] = [];
  /** Called after an update, before its answer. */
  onUpdated: (updated: TaskFieldsFragment) => void = () => {};

  readonly client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      versionGuardLink,
      serialMutationLink,
      resendLink,
      new ApolloLink((operation) => from(this.answer(operation))),
    ]),
  });

  add(...added: TaskFieldsFragment[]): void {
    for (const each of added) this.tasks.set(each.id, each);
  }

  private async answer({ operationName, variables }: ApolloLink.Operation): Promise<ApolloLink.Result> {
    await Promise.resolve();
    if (operationName === 'TasksById') {
      return { data: { nodes: (variables['ids'] as string[]).map((id) => this.tasks.get(id) ?? null) } };
    }
    const fault = this.faults.shift();
    if (fault === 'request') throw new UnreachableError('lost');
    const { tasks } = variables['input'] as { tasks: UpdateTaskInput[] };
    const results = tasks.map((input) => this.update(input));
    if (fault === 'answer') throw new UnreachableError('lost');
    return { data: { updateTasks: { __typename: 'UpdateTasksPayload', userErrors: [], results } } };
  }

  private update({ expectedVersion, ...changes }: UpdateTaskInput) {
    this.received.push({ expectedVersion, ...changes });
    const current = this.tasks.get(changes.id) ?? task();
    const conflict = { __typename: 'UserError', code: 'VERSION_CONFLICT', message: 'The task has changed.' };
    const result = { __typename: 'UpdateTasksResult', task: null, currentTask: null, userErrors: [] };
    if (current.version !== expectedVersion) return { ...result, currentTask: current, userErrors: [conflict] };
    const updated = { ...current, ...changes, version: current.version + 1 } as TaskFieldsFragment;
    this.tasks.set(changes.id, updated);
    this.onUpdated(updated);
    return { ...result, task: updated };
  }
}

let service: Service;
let stop = () => {};

function type(id: string, field: 'title' | 'description', text: string, version = 1): void {
  writeDraft(`${id}.${field}`, { text, version, base: task()[field] });
  commitDrafts([`${id}.${field}`]);
}

beforeEach(() => {
  service = new Service();
  service.add(task(), task({ id: 'b' }));
  stop = startOutbox(service.client);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  for (const [key] of listDrafts()) writeDraft(key, undefined);
  editConflicts.set([]);
  updateConnection({ reachable: true, degraded: false, socket: 'connecting' });
});

const saved = (id: string, fields: Partial<TaskFieldsFragment>) =>
  vi.waitFor(() => {
    expect(service.tasks.get(id)).toMatchObject(fields);
    expect(listDrafts().filter(([key]) => key.startsWith(`${id}.`))).toEqual([]);
  });

test('a committed text is sent with the version that it builds on', async () => {
  type('a', 'title', ' New ');
  await saved('a', { title: 'New', version: 2 });
  expect(service.received).toEqual([{ id: 'a', title: 'New', expectedVersion: 1 }]);
});

test('a text that is being typed is not sent', async () => {
  writeDraft('a.title', { text: 'New', version: 1 });
  type('b', 'title', 'Other');
  await saved('b', { title: 'Other' });
  expect(readDraft('a.title')?.text).toBe('New');
  expect(service.tasks.get('a')?.version).toBe(1);
});

test('nothing is sent while the service cannot be reached, and everything in order afterwards', async () => {
  updateConnection({ reachable: false });
  type('b', 'title', 'First');
  await new Promise((resolve) => setTimeout(resolve, 2));
  type('a', 'title', 'Second');
  type('a', 'description', 'Third');
  await new Promise((resolve) => setTimeout(resolve));
  expect(service.received).toEqual([]);
  updateConnection({ reachable: true });
  await saved('a', { title: 'Second', description: 'Third', version: 2 });
  await saved('b', { title: 'First' });
  expect(service.received.map(({ id }) => id)).toEqual(['b', 'a']);
});

test.each(['request', 'answer'] as const)('a text is sent again after a lost %s, without a conflict', async (fault) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  service.faults.push(fault);
  type('a', 'title', 'New');
  await vi.waitFor(() => expect(readDraftStatus('a.title')).toEqual({ kind: 'waiting' }));
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  await saved('a', { title: 'New', version: 2 });
  expect(editConflicts.get()).toEqual([]);
});

test.each([
  ['PostgreSQL answers alone', { degraded: true }],
  ['the connection is open again', { socket: 'open' }],
] as const)('a text that was not saved is sent again as soon as %s', async (_, change) => {
  updateConnection({ socket: 'lost' });
  service.faults.push('request');
  type('a', 'title', 'New');
  await vi.waitFor(() => expect(readDraftStatus('a.title')).toEqual({ kind: 'waiting' }));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  updateConnection(change);
  await saved('a', { title: 'New', version: 2 });
});

test('a text that the service does not take is sent again every eight seconds at least', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  service.faults.push(...Array<'request'>(10).fill('request'));
  type('a', 'title', 'New');
  await vi.advanceTimersByTimeAsync(120_000);
  expect(service.faults).toEqual([]);
  vi.useRealTimers();
  await saved('a', { title: 'New', version: 2 });
});

test('a text that builds on an edit without an answer is no conflict', async () => {
  service.faults.push('answer');
  type('a', 'title', 'New');
  await vi.waitFor(() => expect(readDraftStatus('a.title')).toEqual({ kind: 'waiting' }));
  type('a', 'title', 'New and more');
  await saved('a', { title: 'New and more', version: 3 });
  expect(editConflicts.get()).toEqual([]);
});

test('a text that builds on an edit that did not arrive is no conflict', async () => {
  service.faults.push('request');
  type('a', 'title', 'New');
  await vi.waitFor(() => expect(readDraftStatus('a.title')).toEqual({ kind: 'waiting' }));
  // The version that the page showed until it knew.
  type('a', 'title', 'New and more', 2);
  await saved('a', { title: 'New and more', version: 2 });
  expect(editConflicts.get()).toEqual([]);
});

test('conflicts of several tasks wait for the person', async () => {
  service.add(task({ title: 'Theirs', version: 2 }), task({ id: 'b', title: 'Theirs too', version: 2 }));
  type('a', 'title', 'Mine');
  type('b', 'title', 'Mine too');
  await vi.waitFor(() => expect(editConflicts.get().map(({ mine }) => mine.title)).toEqual(['Mine', 'Mine too']));
  expect(['a.title', 'b.title'].map(readDraftStatus)).toEqual([{ kind: 'conflict' }, { kind: 'conflict' }]);
  expect(service.received).toHaveLength(2);
});

test('the text of a task that is gone is kept, with the reason', async () => {
  service.tasks.delete('a');
  type('a', 'title', 'New');
  await vi.waitFor(() => expect(readDraftStatus('a.title')?.kind).toBe('failed'));
  expect(readDraft('a.title')?.text).toBe('New');
});

test('a space that is typed while the text before it is saved is not lost', async () => {
  service.client.writeFragment({ fragment: TaskRowFragmentDoc, data: taskRow() });
  type('a', 'description', 'to');
  expect(readDraftStatus('a.description')).toEqual({ kind: 'saving' });
  writeDraft('a.description', { text: 'to ', version: 1, base: task().description });
  await vi.waitFor(() => expect(service.tasks.get('a')?.description).toBe('to'));
  await vi.waitFor(() => expect(readDraft('a.description')).toMatchObject({ text: 'to ', version: 2, base: 'to' }));
});

test('a later text does not build on what a live update brought before the answer', async () => {
  // A task of its own, because the link remembers the newest version of each task.
  service.add(task({ id: 'c' }));
  service.client.writeFragment({ fragment: TaskRowFragmentDoc, data: taskRow({ id: 'c' }) });
  service.onUpdated = (updated) => {
    service.onUpdated = () => {};
    const theirs = { ...updated, title: 'Theirs', version: updated.version + 1 };
    service.tasks.set('c', theirs);
    rememberVersion(theirs);
  };
  type('c', 'title', 'Mine');
  expect(readDraftStatus('c.title')).toEqual({ kind: 'saving' });
  writeDraft('c.title', { text: 'Mine and more', version: 1, base: task().title });
  await vi.waitFor(() => expect(readDraft('c.title')).toMatchObject({ version: 2, base: 'Mine' }));
  commitDrafts(['c.title']);
  await vi.waitFor(() => expect(editConflicts.get().map(({ theirs }) => theirs.title)).toEqual(['Theirs']));
  expect(service.tasks.get('c')?.title).toBe('Theirs');
});

test('an update whose previous values are not known adds no step to undo', async () => {
  service.client.writeFragment({ fragment: TaskRowFragmentDoc, data: taskRow() });
  const before = changeHistory.get().done.length;
  type('a', 'description', 'New');
  await saved('a', { description: 'New' });
  expect(changeHistory.get().done).toHaveLength(before);
});
