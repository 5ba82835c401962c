import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import 'fake-indexeddb/auto';
import { from } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { updateConnection } from '@/apollo/connection';
import { UnreachableError } from '@/apollo/unreachableError';
import { storeDrafts } from '@/features/task-editing/draftStorage';
import { listDrafts, readDraft, readDraftStatus, writeDraft } from '@/features/task-editing/drafts';
import { commitDrafts, postponedDrafts, startOutbox } from '@/features/task-editing/outbox';
import { submitForm } from '@/features/task-editing/queuedCreates';
import type { CreateTaskInput } from '@/gql';
import { task } from './tasks';

/** Answers creates when the test lets it. */
class Service {
  readonly received: CreateTaskInput[] = [];
  private readonly waiting: ((outcome: 'created' | 'refused' | 'lost') => void)[] = [];

  readonly client = new ApolloClient({
    cache: new InMemoryCache(),
    link: new ApolloLink((operation) => from(this.answer(operation))),
  });

  async settle(outcome: 'created' | 'refused' | 'lost'): Promise<void> {
    await vi.waitFor(() => expect(this.waiting).not.toEqual([]));
    this.waiting.shift()?.(outcome);
  }

  private async answer({ operationName, variables }: ApolloLink.Operation): Promise<ApolloLink.Result> {
    if (operationName !== 'CreateTask') throw new UnreachableError('lost');
    const input = variables['input'] as CreateTaskInput;
    this.received.push(input);
    const outcome = await new Promise((resolve) => this.waiting.push(resolve));
    if (outcome === 'lost') throw new UnreachableError('lost');
    const error = { __typename: 'UserError', code: 'INVALID', field: ['title'], message: 'Refused.' };
    const refused = { task: null, userErrors: [error] };
    const created = { task: task({ id: input.id ?? '', title: input.title }), userErrors: [] };
    const payload = outcome === 'refused' ? refused : created;
    return { data: { createTask: { __typename: 'CreateTaskPayload', ...payload } } };
  }
}

let service: Service;
let stop = () => {};
const textOfForm = () => readDraft('new.title')?.text;
const creates = () => listDrafts().filter(([key]) => key.endsWith('.create'));

function submit(title: string): void {
  writeDraft('new.title', { text: title, version: 0 });
  submitForm({ title, description: '' });
}

beforeEach(() => {
  service = new Service();
  stop = startOutbox(service.client);
});

afterEach(() => {
  stop();
  for (const [key] of listDrafts()) writeDraft(key, undefined);
  updateConnection({ reachable: true });
});

test('the form is empty at once, and keeps what is typed before the answer', async () => {
  submit('Letter');
  expect(textOfForm()).toBeUndefined();
  expect(creates()).toHaveLength(1);
  writeDraft('new.title', { text: 'Letter', version: 0 });
  await service.settle('created');
  await vi.waitFor(() => expect(creates()).toEqual([]));
  expect(textOfForm()).toBe('Letter');
});

test('tasks with the same text that are submitted one after the other are two tasks', async () => {
  submit('Letter');
  submit('Letter');
  await service.settle('created');
  await service.settle('created');
  await vi.waitFor(() => expect(creates()).toEqual([]));
  expect(new Set(service.received.map(({ id }) => id)).size).toBe(2);
});

test('a refused text returns to the form', async () => {
  submit('Letter');
  await service.settle('refused');
  await vi.waitFor(() => expect(textOfForm()).toBe('Letter'));
  expect(creates()).toEqual([]);
});

test('a refused text waits while the form has another one', async () => {
  submit('Letter');
  writeDraft('new.title', { text: 'Parcel', version: 0 });
  await service.settle('refused');
  await vi.waitFor(() => expect(creates().map(([key]) => readDraftStatus(key)?.kind)).toEqual(['failed']));
  expect(textOfForm()).toBe('Parcel');
  writeDraft('new.title', undefined);
  commitDrafts(creates().map(([key]) => key));
  await service.settle('refused');
  await vi.waitFor(() => expect(textOfForm()).toBe('Letter'));
});

test('a task without an answer is sent again with the same id', async () => {
  submit('Letter');
  await service.settle('lost');
  await vi.waitFor(() => expect(creates().map(([key]) => readDraftStatus(key)?.kind)).toEqual(['waiting']));
  commitDrafts(creates().map(([key]) => key));
  await service.settle('created');
  await vi.waitFor(() => expect(creates()).toEqual([]));
  expect(new Set(service.received.map(({ id }) => id)).size).toBe(1);
});

test('nothing is sent while the service cannot be reached', async () => {
  updateConnection({ reachable: false });
  submit('Letter');
  await Promise.resolve();
  expect(service.received).toEqual([]);
  updateConnection({ reachable: true });
  await service.settle('created');
  await vi.waitFor(() => expect(creates()).toEqual([]));
});

test('text of the form of a closed tab appears when the text in the form was submitted', async () => {
  writeDraft('new.title', { text: 'Letter', version: 0 });
  const left = { text: 'Parcel', version: 0, startedAt: 1 };
  await storeDrafts('closed-tab', [['new.title', left]]);
  stop();
  stop = startOutbox(service.client);
  await vi.waitFor(() => expect(postponedDrafts.get()).toEqual(new Set(['new'])));
  expect(textOfForm()).toBe('Letter');
  submitForm({ title: 'Letter', description: '' });
  await vi.waitFor(() => expect(textOfForm()).toBe('Parcel'));
  await service.settle('created');
  await vi.waitFor(() => expect(creates()).toEqual([]));
  expect(postponedDrafts.get().size).toBe(0);
});
