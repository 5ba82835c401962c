// Runs a graphql-ws and a graphql-sse subscriber. Each applies the events to its own list, and fetches
// all tasks after MANY and RESYNC. In the end, both lists must be equal to the list of the server.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as byWebSocket } from 'graphql-ws';
import { createClient as byEvents } from 'graphql-sse';

const url = process.argv[2];
const CHANGED = 'subscription ($after: String) { taskChanged(after: $after) { kind id rev task { id title version } } }';
const COUNTS = 'subscription { taskCountsChanged { all done } }';

async function ask(query, variables = {}) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

async function fetchAll() {
  const found = new Map();
  for (let after = null; ;) {
    const page = 'query ($after: String) { tasks(first: 100, after: $after) { nodes { id title version } pageInfo { hasNextPage endCursor } } }';
    const { tasks } = await ask(page, { after });
    for (const task of tasks.nodes) found.set(task.id, task);
    if (!tasks.pageInfo.hasNextPage) return found;
    after = tasks.pageInfo.endCursor;
  }
}

class Subscriber {
  constructor(client) {
    this.client = client;
    this.kinds = new Set();
    this.list = new Map();
    this.done = this.follow();
  }

  async follow() {
    this.events = this.client.iterate({ query: CHANGED });
    for await (const { data, errors } of this.events) {
      assert.equal(errors, undefined, JSON.stringify(errors));
      const { kind, id, task, rev } = data.taskChanged;
      this.kinds.add(kind);
      this.rev = rev;
      if (kind === 'MANY' || kind === 'RESYNC') this.list = await fetchAll();
      else if (task === null) this.list.delete(id);
      else if (!(this.list.get(id)?.version > task.version)) this.list.set(id, task);
    }
  }
}

const subscribers = [
  new Subscriber(byWebSocket({ url: url.replace('http', 'ws') })),
  new Subscriber(byEvents({ url })),
];
const counts = [];
const counting = byWebSocket({ url: url.replace('http', 'ws'), shouldRetry: () => false });
counting.subscribe({ query: COUNTS }, { next: ({ data }) => counts.push(data.taskCountsChanged), error: assert.fail, complete() {} });

const assertSynchronized = async (what) => {
  const expected = JSON.stringify([...(await fetchAll()).entries()].sort());
  for (let look = 0; look < 200; look += 1) {
    if (subscribers.every(({ list }) => JSON.stringify([...list.entries()].sort()) === expected)) return;
    await sleep(50);
  }
  assert.fail(`the lists differ after ${what}`);
};

while (!subscribers.every(({ kinds }) => kinds.has('RESYNC'))) await sleep(10);
const create = 'mutation ($tasks: [CreateTaskInput!]!) { createTasks(input: { tasks: $tasks }) { results { task { id } } } }';
const few = (await ask(create, { tasks: ['a', 'b', 'c', 'd'].map((title) => ({ title })) })).createTasks.results;
const ids = few.map(({ task }) => task.id);
await Promise.all(ids.map((id) => ask('mutation ($id: ID!) { completeTask(input: { id: $id }) { task { id } } }', { id })));
await ask('mutation ($id: ID!) { deleteTask(input: { id: $id }) { deletedTaskId } }', { id: ids[0] });
await ask('mutation ($id: ID!) { deleteTask(input: { id: $id }) { deletedTaskId } }', { id: ids[1] });
await ask('mutation ($id: ID!) { restoreTask(input: { id: $id }) { task { id } } }', { id: ids[0] });
await assertSynchronized('single changes');
await ask(create, { tasks: Array.from({ length: 200 }, (_, n) => ({ title: `Task ${n}` })) });
await assertSynchronized('many');
for (const { kinds } of subscribers) {
  for (const kind of ['CREATED', 'UPDATED', 'DELETED', 'RESTORED', 'MANY', 'RESYNC']) assert(kinds.has(kind), kind);
}

// A subscriber that reconnects receives the events that it missed, without RESYNC.
const { rev } = subscribers[0];
await ask('mutation ($id: ID!) { reopenTask(input: { id: $id }) { task { id } } }', { id: ids[2] });
const reconnected = byWebSocket({ url: url.replace('http', 'ws') }).iterate({ query: CHANGED, variables: { after: rev } });
const { value } = await reconnected.next();
assert.equal(value.data.taskChanged.kind, 'UPDATED');
assert.equal(value.data.taskChanged.id, ids[2]);

for (let look = 0; (counts.at(-1)?.all !== 203 || counts.at(-1).done !== 2) && look < 100; look += 1) await sleep(50);
assert.deepEqual(counts.at(-1), { all: 203, done: 2 });
console.log('ok');
process.exit(0);
