// Reloads a page whose cache is kept, with the code of docs/how-to/use-from-apollo.md, while tasks change.
import assert from 'node:assert/strict';
import { connect } from './client.ts';
import { follow } from './follow.ts';
import { TasksDocument, type TasksQueryVariables } from './gql.ts';
import { persist } from './persist.ts';
import { refresh } from './refresh.ts';

const url = process.argv[2] as string;
const saved = new Map<string, string>();
const storage = {
  getItem: (key: string) => saved.get(key) ?? null,
  setItem: (key: string, text: string) => void saved.set(key, text),
};

async function execute(query: string, variables: object): Promise<any> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as any;
  assert.equal(errors, undefined);
  return data;
}

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `timed out waiting for ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const createTasks = 'mutation ($input: CreateTasksInput!) { createTasks(input: $input) { results { task { id } } } }';
const create = async (tasks: object[]): Promise<string[]> =>
  (await execute(createTasks, { input: { tasks } })).createTasks.results.map((result: any) => result.task.id);
const remove = (ids: string[]) =>
  execute('mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) { userErrors { code } } }', {
    input: { tasks: ids.map((id) => ({ id })) },
  });
const expire = (id: string, expiresAt: string) =>
  execute('mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }', {
    input: { id, expiresAt },
  });
/** Open the page: the cache of the last visit, and a list. */
function open(variables: TasksQueryVariables, fetchPolicy: 'cache-first' | 'cache-and-network' = 'cache-first') {
  const client = connect(url);
  const save = persist(client, storage);
  const query = client.watchQuery({ query: TasksDocument, variables, fetchPolicy });
  query.subscribe(() => undefined);
  const ids = () => client.readQuery({ query: TasksDocument, variables })?.tasks.edges.map(({ node }) => node.id) ?? [];
  const more = () => {
    const { endCursor } = client.readQuery({ query: TasksDocument, variables })!.tasks.pageInfo;
    return query.fetchMore({ variables: { after: endCursor } });
  };
  return { client, save, query, ids, more, close: () => (save(), client.stop()) };
}

/** Return the first tasks as the service lists them. */
async function truth(first: number, orderBy = 'NEWEST'): Promise<string[]> {
  const query =
    'query ($first: Int, $orderBy: TaskOrder!) { tasks(first: $first, orderBy: $orderBy) { nodes { id } } }';
  return (await execute(query, { first, orderBy })).tasks.nodes.map(({ id }: { id: string }) => id);
}

const newest = { first: 20, orderBy: 'NEWEST' } as const;
const made = await create(
  Array.from({ length: 80 }, (_, number) => ({
    title: `Reload ${number}`,
    expiresAt: new Date(Date.now() + (60 + number) * 60_000),
  })),
);
const first = open(newest);
await waitUntil(() => first.ids().length === 20);
await first.more();
await first.more();
await waitUntil(() => first.ids().length === 60);
assert.deepEqual(first.ids(), await truth(60));
first.close();

// While the page is closed, tasks are created and deleted. The kept rows are there at once, and then those of the service.
await create([{ title: 'New 1' }, { title: 'New 2' }]);
await remove([made[70]!, made[40]!, made[20]!]);
const second = open(newest);
assert.equal(second.ids().length, 60);
const unfollow = follow(second.client);
const expected = await truth(60);
await waitUntil(() => second.ids().join() === expected.join());
await second.more();
assert.deepEqual(second.ids(), await truth(80));
unfollow();
second.close();

// The reader asks for more rows before the kept ones were replaced by the first page. No row is missing between the two.
await create([{ title: 'New 3' }]);
const third = open(newest, 'cache-and-network');
assert.equal(third.ids().length, 80);
await third.more();
await waitUntil(() => third.query.getCurrentResult().networkStatus === 7);
while (third.ids().length < 60) await third.more();
assert.deepEqual(third.ids(), await truth(third.ids().length));

// The same, while the list is refreshed: new tasks have moved its end.
const behind = third.query.getCurrentResult().data?.tasks?.pageInfo?.endCursor;
await create([{ title: 'New 4' }, { title: 'New 5' }]);
await refresh(third.client);
await third.query.fetchMore({ variables: { after: behind } });
await third.more();
assert.deepEqual(third.ids(), await truth(third.ids().length));
third.close();

// A task that moves from the first page of the expiring tasks to the second is in the list once.
const expiring = { first: 20, orderBy: 'EXPIRING_SOON' } as const;
const fourth = open(expiring);
await waitUntil(() => fourth.ids().length === 20);
fourth.close();
const [moving, ...others] = await truth(30, 'EXPIRING_SOON');
const { task } = await execute('query ($id: ID!) { task(id: $id) { expiresAt } }', { id: others.at(-1) });
await expire(moving!, task.expiresAt);
const fifth = open(expiring);
await fifth.more();
assert.equal(new Set(fifth.ids()).size, fifth.ids().length);
assert.ok(fifth.ids().includes(moving!));
await refresh(fifth.client);
assert.deepEqual(fifth.ids(), await truth(fifth.ids().length, 'EXPIRING_SOON'));
fifth.close();
console.log('ok');
process.exit(0);
