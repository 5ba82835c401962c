// Tests Apollo Client with pages, optimistic updates and their rollback, and persisted queries.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';

for (const level of ['warn', 'error']) {
  console[level] = (...words) => assert.fail(`Apollo Client logs: ${words.join(' ')}`);
}

const url = process.argv[2];
let sent = [];
const recording = async (to, options) => {
  sent.push(options.body ? JSON.parse(options.body) : null);
  return fetch(to, options);
};
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const client = new ApolloClient({
  link: new PersistedQueryLink({ sha256 }).concat(new HttpLink({ uri: url, fetch: recording })),
  cache: new InMemoryCache({
    possibleTypes: { Node: ['Task'] },
    typePolicies: { Query: { fields: { tasks: relayStylePagination(['status', 'orderBy']) } } },
  }),
});

const TASK = gql`fragment TaskFields on Task { id title status version }`;
const PAGE = gql`
  query Page($after: String, $orderBy: TaskOrder!) {
    tasks(first: 3, after: $after, orderBy: $orderBy) {
      edges { cursor node { ...TaskFields } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor pageNumber pageCount }
      totalCount
    }
  }
  ${TASK}
`;
const CREATE = gql`
  mutation Create($input: CreateTasksInput!) {
    createTasks(input: $input) { results { task { ...TaskFields } userErrors { code } } }
  }
  ${TASK}
`;
const UPDATE = gql`
  mutation Update($input: UpdateTaskInput!) {
    updateTask(input: $input) { task { ...TaskFields } currentTask { ...TaskFields } userErrors { code message } }
  }
  ${TASK}
`;
const DELETE = gql`
  mutation Delete($input: DeleteTaskInput!) { deleteTask(input: $input) { deletedTaskId userErrors { code } } }
`;
const NODE = gql`query Node($id: ID!) { node(id: $id) { id ...TaskFields } } ${TASK}`;

const tasks = Array.from({ length: 10 }, (_, number) => ({ title: `Task ${number}` }));
const created = (await client.mutate({ mutation: CREATE, variables: { input: { tasks } } })).data.createTasks.results;
assert.ok(created.every(({ userErrors }) => userErrors.length === 0));

// Fetch every page with fetchMore. The task of the cursor is deleted before the next page is fetched.
const deleted = new Set();
for (const orderBy of ['NEWEST', 'OLDEST']) {
  const first = (await client.query({ query: PAGE, variables: { orderBy } })).data.tasks;
  const pages = client.watchQuery({ query: PAGE, variables: { orderBy } });
  const watching = pages.subscribe(() => {});
  const total = first.totalCount;
  assert.equal(first.pageInfo.pageCount, Math.ceil(total / 3));
  const { id } = first.edges[2].node;
  const { data } = await client.mutate({ mutation: DELETE, variables: { input: { id } } });
  assert.equal(data.deleteTask.deletedTaskId, id);
  deleted.add(id);
  let page = first;
  while (page.pageInfo.hasNextPage) {
    page = (await pages.fetchMore({ variables: { after: page.pageInfo.endCursor } })).data.tasks;
    assert.equal(page.pageInfo.hasPreviousPage, true);
  }
  watching.unsubscribe();
  const ids = client.readQuery({ query: PAGE, variables: { orderBy } }).tasks.edges.map(({ node }) => node.id);
  assert.equal(ids.length, total);
  assert.equal(new Set(ids).size, total);
}

// An optimistic update is shown immediately, and stays if the server accepts it.
const { task } = created.find((result) => !deleted.has(result.task.id));
const shown = () =>
  client.cache.readFragment({ id: client.cache.identify(task), fragment: TASK, optimistic: true });
const update = (input) =>
  client.mutate({
    mutation: UPDATE,
    variables: { input: { id: task.id, ...input } },
    optimisticResponse: {
      updateTask: {
        __typename: 'UpdateTaskPayload',
        task: { ...shown(), title: input.title },
        currentTask: null,
        userErrors: [],
      },
    },
  });
const accepted = update({ title: 'Optimistic', expectedVersion: 1 });
assert.deepEqual([shown().title, shown().version], ['Optimistic', 1]);
assert.deepEqual((await accepted).data.updateTask.userErrors, []);
assert.deepEqual([shown().title, shown().version], ['Optimistic', 2]);

// The client rolls the update back if the server rejects it. The response contains the current task.
const conflicting = update({ title: 'Too late', expectedVersion: 1 });
assert.equal(shown().title, 'Too late');
const rejected = (await conflicting).data.updateTask;
assert.equal(rejected.userErrors[0].code, 'VERSION_CONFLICT');
assert.deepEqual([rejected.currentTask.title, rejected.currentTask.version], ['Optimistic', 2]);
assert.deepEqual([shown().title, shown().version], ['Optimistic', 2]);
const invalid = update({ title: '' });
assert.equal(shown().title, '');
assert.equal((await invalid).data.updateTask.userErrors[0].code, 'BLANK');
assert.equal(shown().title, 'Optimistic');

// The server finds a node by its id. The client sends the document once, and afterwards only its hash.
for (const expected of [2, 1]) {
  sent = [];
  const found = await client.query({ query: NODE, variables: { id: task.id }, fetchPolicy: 'network-only' });
  assert.equal(found.data.node.title, 'Optimistic');
  assert.equal(sent.length, expected);
  assert.equal(sent[0].query, undefined);
}
console.log('ok');
