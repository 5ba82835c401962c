import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import { of, throwError } from 'rxjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { MAX_ATTEMPTS, resendLink } from '@/apollo/resendLink';
import { serialMutationLink } from '@/apollo/serialMutationLink';
import type { BaseValues } from '@/features/task-editing/fieldConflicts';
import { updateAttempts } from '@/features/task-editing/updateAttempts';
import { type TaskFieldsFragment, type UpdateTaskInput, UpdateTasksDocument } from '@/gql';
import { task } from './tasks';

/** A service with the rule of the API: an update of another version than the expected one changes nothing. */
class Service {
  tasks = new Map<string, TaskFieldsFragment>();
  sent: UpdateTaskInput[][] = [];
  /** Runs before each request, as an edit of someone else. */
  meanwhile: (request: number) => void = () => {};

  edit(id: string, values: Partial<TaskFieldsFragment>): void {
    const current = this.tasks.get(id);
    if (current) this.tasks.set(id, { ...current, ...values, version: current.version + 1 });
  }

  update(inputs: UpdateTaskInput[]) {
    this.sent.push(inputs);
    this.meanwhile(this.sent.length);
    return inputs.map(({ expectedVersion, ...values }) => {
      const current = this.tasks.get(values.id) ?? null;
      if (current?.version !== expectedVersion)
        return answer({
          currentTask: current,
          userErrors: [{ message: 'The task has changed.', code: 'VERSION_CONFLICT' }],
        });
      this.edit(values.id, values as Partial<TaskFieldsFragment>);
      return answer({ task: this.tasks.get(values.id) });
    });
  }
}

function answer(fields: object) {
  return { __typename: 'UpdateTasksResult', task: null, currentTask: null, userErrors: [], ...fields };
}

let service: Service;
let offline: boolean;
const rebase = vi.fn();

const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.from([
    serialMutationLink,
    resendLink,
    new ApolloLink(({ variables }) => {
      if (offline) return throwError(() => new Error('offline'));
      const results = service.update((variables['input'] as { tasks: UpdateTaskInput[] }).tasks);
      return of({ data: { updateTasks: { __typename: 'UpdateTasksPayload', userErrors: [], results } } });
    }),
  ]),
});

/** Send edits of the task as the page does. Resolves to the error codes and titles of the results. */
async function send(...edits: { input: UpdateTaskInput; base: BaseValues; predictedVersion?: number }[]) {
  const attempts = edits.map((edit) => ({ predictedVersion: (edit.input.expectedVersion ?? 0) + 1, ...edit }));
  const { data } = await client.mutate({
    mutation: UpdateTasksDocument,
    variables: { input: { tasks: attempts.map(({ input }) => input) }, allFields: true },
    context: { attempts: updateAttempts(attempts, true, rebase) },
  });
  return data?.updateTasks.results.map((result) => result.userErrors[0]?.code ?? result.task?.title);
}

const rename = (title: string, expectedVersion: number, base: string) => ({
  input: { id: 'a', title, expectedVersion },
  base: { title: base },
});

beforeEach(() => {
  service = new Service();
  offline = false;
  rebase.mockClear();
  service.tasks.set('a', task({ id: 'a', title: 'Old' }));
  service.tasks.set('b', task({ id: 'b', title: 'Old' }));
});

test('an edit is sent again if someone else changed another field', async () => {
  service.edit('a', { priority: 'HIGH' });
  expect(await send(rename('Mine', 1, 'Old'))).toEqual(['Mine']);
  expect(service.tasks.get('a')).toMatchObject({ title: 'Mine', priority: 'HIGH', version: 3 });
});

test('an edit of a field that someone else changed is a conflict', async () => {
  service.edit('a', { title: 'Theirs' });
  expect(await send(rename('Mine', 1, 'Old'))).toEqual(['VERSION_CONFLICT']);
  expect(service.sent).toHaveLength(1);
});

test('an edit is sent only a few times', async () => {
  service.meanwhile = (request) => service.edit('a', { description: String(request) });
  expect(await send(rename('Mine', 1, 'Old'))).toEqual(['VERSION_CONFLICT']);
  expect(service.sent).toHaveLength(MAX_ATTEMPTS);
});

test('only the tasks in question are sent again, and the results keep their order', async () => {
  service.edit('a', { priority: 'HIGH' });
  const other = { input: { id: 'b', title: 'Second', expectedVersion: 1 }, base: { title: 'Old' } };
  expect(await send(rename('First', 1, 'Old'), other)).toEqual(['First', 'Second']);
  expect(service.sent[1]).toEqual([{ id: 'a', title: 'First', expectedVersion: 2 }]);
});

test('a later edit of the same field builds on the earlier one', async () => {
  service.edit('a', { priority: 'HIGH' });
  const later = { ...rename('Second', 2, 'Old'), predictedVersion: 3 };
  expect(await Promise.all([send(rename('First', 1, 'Old')), send(later)])).toEqual([['First'], ['Second']]);
  expect(service.tasks.get('a')).toMatchObject({ title: 'Second', priority: 'HIGH' });
});

test('a later edit expects the version that the earlier edit created', async () => {
  const later = { input: { id: 'a', description: 'New', expectedVersion: 1 }, base: { description: 'To the office' } };
  await Promise.all([send(rename('First', 1, 'Old')), send({ ...later, predictedVersion: 3 })]);
  expect(service.sent.map(([input]) => input?.expectedVersion)).toEqual([1, 2]);
  expect(rebase.mock.calls).toEqual([
    ['a', 1, 2],
    ['a', 2, 3],
  ]);
});

test('an edit on a version that was only predicted does not overwrite what someone else did in that version', async () => {
  service.edit('a', { title: 'Theirs' });
  // The page showed version 2 with the first title, but version 2 is the edit of someone else.
  const later = { ...rename('Second', 2, 'First'), predictedVersion: 3 };
  const results = await Promise.all([send(rename('First', 1, 'Old')), send(later)]);
  expect(results).toEqual([['VERSION_CONFLICT'], ['VERSION_CONFLICT']]);
  expect(service.tasks.get('a')?.title).toBe('Theirs');
});

test('an edit of another field that was started before a conflict notices the change of someone else', async () => {
  service.edit('a', { description: 'Theirs' });
  const later = { input: { id: 'a', description: 'Mine', expectedVersion: 2 }, base: { description: 'To the office' } };
  expect(await Promise.all([send(rename('First', 1, 'Old')), send(later)])).toEqual([['First'], ['VERSION_CONFLICT']]);
  expect(service.tasks.get('a')).toMatchObject({ title: 'First', description: 'Theirs' });
});

test('after a failed request, drafts expect the version before it', async () => {
  offline = true;
  await expect(send(rename('Mine', 1, 'Old'))).rejects.toThrow('offline');
  expect(rebase.mock.calls).toEqual([['a', 2, 1]]);
});
