// Uses the code of docs/how-to/use-from-apollo.md as an app would, against the service whose address is given.
import assert from 'node:assert/strict';
import { connect } from './client.ts';
import { follow } from './follow.ts';
import { TaskRowFragmentDoc, TasksDocument } from './gql.ts';
import { numbered } from './pages.ts';
import { rename } from './rename.ts';

const url = process.argv[2] as string;
const client = connect(url);
const shown = (id: string) =>
  client.readFragment({ id: `Task:${id}`, fragment: TaskRowFragmentDoc, fragmentName: 'TaskRow', optimistic: true } as const);

async function ask(query: string, variables: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  assert.equal(((await answer.json()) as { errors?: unknown }).errors, undefined);
}

async function until(condition: () => boolean, pause = 10): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `it did not happen: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

// Seven tasks are there. Every page by cursor, joined to one list.
const list = client.watchQuery({ query: TasksDocument, variables: { first: 3 } });
const watching = list.subscribe(() => undefined);
await until(() => list.getCurrentResult().data?.tasks?.edges?.length === 3);
for (const length of [6, 7]) {
  const after = (list.getCurrentResult().data as { tasks: { pageInfo: { endCursor: string } } }).tasks.pageInfo.endCursor;
  await list.fetchMore({ variables: { after } });
  await until(() => list.getCurrentResult().data?.tasks?.edges?.length === length);
}

// A page by its number leaves that list alone.
const last = await numbered(client, 3, 3);
assert.deepEqual([last.tasks.map(({ title }) => title), last.pageCount], [['Task 1'], 3]);
assert.equal(list.getCurrentResult().data?.tasks?.edges?.length, 7);

// An edit shows at once; one that comes too late is taken back, and what is there shows.
const [task] = last.tasks;
assert.ok(task);
const well = rename(client, task, 'Renamed');
assert.equal(shown(task.id)?.title, 'Renamed');
assert.deepEqual(await well, []);
const ill = rename(client, task, 'Too late');
assert.equal(shown(task.id)?.title, 'Too late');
assert.equal((await ill)[0]?.code, 'VERSION_CONFLICT');
assert.deepEqual([shown(task.id)?.title, shown(task.id)?.version], ['Renamed', 2]);

// What somebody else does arrives.
const following = follow(client);
const touched = 'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }';
let done = false;
await until(() => {
  // Until the subscription stands, and once more after it does; each time it is another change.
  done = !done;
  void ask(touched, { input: { id: task.id, status: done ? 'DONE' : 'TODO' } });
  return (shown(task.id)?.version ?? 0) > 2;
}, 200);
await ask('mutation ($input: DeleteTaskInput!) { deleteTask(input: $input) { deletedTaskId } }', { input: { id: task.id } });
await until(() => shown(task.id) === null);

following.unsubscribe();
watching.unsubscribe();
client.stop();
console.log('ok');
process.exit(0);
