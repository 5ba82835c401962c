// Runs the code of docs/how-to/use-from-apollo.md against the service at the given URL.
import assert from 'node:assert/strict';
import { connect } from './client.ts';
import { follow } from './follow.ts';
import { TaskRowFragmentDoc, TasksDocument } from './gql.ts';
import { numbered } from './pages.ts';
import { rename } from './rename.ts';

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

// The subscription delivers changes by other clients.
const following = follow(client);
const updateTask = 'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }';
let done = false;
await waitUntil(() => {
  // Repeat until the subscription has started and received a change. Each repetition changes the status.
  done = !done;
  void execute(updateTask, { input: { id: task.id, status: done ? 'DONE' : 'TODO' } });
  return (cachedRow(task.id)?.version ?? 0) > 2;
}, 200);
await execute('mutation ($input: DeleteTaskInput!) { deleteTask(input: $input) { deletedTaskId } }', { input: { id: task.id } });
await waitUntil(() => cachedRow(task.id) === null);

following.unsubscribe();
watching.unsubscribe();
client.stop();
console.log('ok');
process.exit(0);
