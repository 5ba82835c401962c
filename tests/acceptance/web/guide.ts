// Runs the code of docs/how-to/use-from-apollo.md against the service at the given URL.
import assert from 'node:assert/strict';
import { connect } from './client.ts';
import { create, remove } from './create.ts';
import { follow } from './follow.ts';
import { CountsDocument, TaskRowFragmentDoc, TasksDocument, type TasksQueryVariables } from './gql.ts';
import { numbered } from './pages.ts';
import { rename } from './rename.ts';

// Every WebSocket, so that the test can cut the connection.
const sockets: WebSocket[] = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...given: ConstructorParameters<typeof WebSocket>) {
    super(...given);
    sockets.push(this);
  }
};

const url = process.argv[2] as string;
const client = connect(url);
const cachedRow = (id: string) =>
  client.readFragment({ id: `Task:${id}`, fragment: TaskRowFragmentDoc, fragmentName: 'TaskRow', optimistic: true } as const);

async function execute(query: string, variables: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  assert.equal(((await response.json()) as { errors?: unknown }).errors, undefined);
}

async function waitUntil(condition: () => boolean, pause = 10): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `timed out waiting for ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

// The service has seven tasks. Cursor pagination joins the pages into one list.
const list = client.watchQuery({ query: TasksDocument, variables: { first: 3 } });
const watching = list.subscribe(() => undefined);
await waitUntil(() => list.getCurrentResult().data?.tasks?.edges?.length === 3);
for (const length of [6, 7]) {
  const after = (list.getCurrentResult().data as { tasks: { pageInfo: { endCursor: string } } }).tasks.pageInfo.endCursor;
  await list.fetchMore({ variables: { after } });
  await waitUntil(() => list.getCurrentResult().data?.tasks?.edges?.length === length);
}

// Fetching a page by its number does not change the joined list.
const last = await numbered(client, 3, 3);
assert.deepEqual([last.tasks.map(({ title }) => title), last.pageCount], [['Task 1'], 3]);
assert.equal(list.getCurrentResult().data?.tasks?.edges?.length, 7);

// An edit shows at once. Apollo rolls a conflicting edit back and shows the current task.
const [task] = last.tasks;
assert.ok(task);
const accepted = rename(client, task, 'Renamed');
assert.equal(cachedRow(task.id)?.title, 'Renamed');
assert.deepEqual(await accepted, []);
const conflicting = rename(client, task, 'Too late');
assert.equal(cachedRow(task.id)?.title, 'Too late');
assert.equal((await conflicting)[0]?.code, 'VERSION_CONFLICT');
assert.deepEqual([cachedRow(task.id)?.title, cachedRow(task.id)?.version], ['Renamed', 2]);

watching.unsubscribe();

// The list of all tasks grows to 250 rows, and stays that long below.
const createTasks = 'mutation ($input: CreateTasksInput!) { createTasks(input: $input) { userErrors { code } } }';
const bulk = (title: string, count: number) =>
  execute(createTasks, { input: { tasks: Array.from({ length: count }, (_, number) => ({ title: `${title} ${number}` })) } });
await bulk('Many', 300);
const watch = (variables: TasksQueryVariables) => {
  const query = client.watchQuery({ query: TasksDocument, variables, fetchPolicy: 'cache-and-network' });
  const subscription = query.subscribe(() => undefined);
  return {
    query,
    subscription,
    titles: () => query.getCurrentResult().data?.tasks?.edges?.map((edge) => edge?.node?.title) ?? [],
  };
};
const all = watch({ first: 50, orderBy: 'NEWEST', status: null });
await waitUntil(() => all.titles().length === 50 && all.titles()[0]?.startsWith('Many') === true);
for (const length of [100, 150, 200, 250]) {
  const { endCursor } = client.readQuery({ query: TasksDocument, variables: all.query.variables })!.tasks.pageInfo;
  await all.query.fetchMore({ variables: { after: endCursor } });
  await waitUntil(() => all.titles().length === length);
}

// The subscription starts with a RESYNC. Neither it, nor a bulk create, nor a reconnect shortens the list.
let createdElsewhere = 0;
const unfollow = follow(client, () => (createdElsewhere += 1));
const counts = client.watchQuery({ query: CountsDocument });
const countsWatching = counts.subscribe(() => undefined);
const total = () => counts.getCurrentResult().data?.taskCounts?.all;
await waitUntil(() => total() === 307);
await bulk('Bulk', 30);
await waitUntil(() => all.titles()[0]?.startsWith('Bulk') === true && total() === 337);
assert.equal(all.titles().length, 250);
const connected = sockets.length;
sockets.at(-1)?.close(4000);
await waitUntil(() => sockets.length > connected && sockets.at(-1)?.readyState === WebSocket.OPEN);
await bulk('After', 30);
await waitUntil(() => all.titles()[0]?.startsWith('After') === true && total() === 367, 50);
assert.equal(all.titles().length, 250);
assert.equal(new Set(all.query.getCurrentResult().data?.tasks?.edges?.map((edge) => edge?.node?.id)).size, 250);

// A task that is finished elsewhere leaves the list of open tasks, and the totals follow.
const open = watch({ first: 50, orderBy: 'OLDEST', status: 'TODO' });
await waitUntil(() => open.titles()[0] === 'Renamed');
const updateTask = 'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }';
await execute(updateTask, { input: { id: task.id, status: 'DONE' } });
await waitUntil(() => open.titles()[0] === 'Task 2' && counts.getCurrentResult().data?.taskCounts?.done === 1);

// So does a task that is deleted elsewhere, or here. A task that another client creates is announced.
const deleteTask = 'mutation ($input: DeleteTaskInput!) { deleteTask(input: $input) { deletedTaskId } }';
await execute(deleteTask, { input: { id: task.id } });
await waitUntil(() => cachedRow(task.id) === null && total() === 366);
const second = open.query.getCurrentResult().data?.tasks?.edges?.[0]?.node;
assert.ok(second?.id && second.version && second.title && second.status);
const row = { __typename: 'Task', id: second.id, title: second.title, status: second.status, version: second.version } as const;
assert.equal((await remove(client, { ...row, version: 9 }))[0]?.code, 'VERSION_CONFLICT');
assert.equal(open.titles()[0], 'Task 2');
assert.deepEqual(await remove(client, row), []);
assert.equal(open.titles()[0], 'Task 3');
await waitUntil(() => total() === 365);
const announced = createdElsewhere;
await execute('mutation { createTask(input: {title: "Elsewhere"}) { userErrors { code } } }', {});
await waitUntil(() => createdElsewhere === announced + 1 && total() === 366);

// A task that is created here stands in its place, and the list keeps its length.
assert.equal((await create(client, ''))[0]?.code, 'BLANK');
assert.deepEqual(await create(client, 'Mine'), []);
assert.deepEqual(all.titles().slice(0, 2), ['Mine', 'Elsewhere']);
assert.equal(all.titles().length, 250);
await waitUntil(() => total() === 367);

unfollow();
for (const { subscription } of [all, open]) subscription.unsubscribe();
countsWatching.unsubscribe();
client.stop();
console.log('ok');
process.exit(0);
