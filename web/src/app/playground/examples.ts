/** What the playground shows to who comes for the first time: an operation for each thing that the service is good at. */
export const examples: { query: string; variables?: string }[] = [
  {
    query: `# Any page by its number, with an exact total, at the cost of the first.
# extensions.cache in the answer says what it cost; run it twice.
query PageByNumber($page: Int = 1) {
  tasks(first: 20, page: $page) {
    totalCount
    pageInfo { pageNumber pageCount endCursor }
    nodes { id title status priority createdAt }
  }
}
`,
    variables: '{ "page": 1 }',
  },
  {
    query: `# From here on: put the endCursor of one answer into "after".
query PageByCursor($after: String) {
  tasks(first: 20, after: $after, orderBy: OLDEST, status: TODO) {
    pageInfo { hasNextPage endCursor }
    edges { cursor node { id title } }
  }
}
`,
    variables: '{ "after": null }',
  },
  {
    query: `# Words and beginnings of words, in any order.
query Search($words: String!) {
  searchTasks(query: $words, first: 10) {
    nodes { id title status }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: '{ "words": "task" }',
  },
  {
    query: `mutation Create($input: CreateTaskInput!) {
  createTask(input: $input) {
    task { id title version createdAt }
    userErrors { field message code }
  }
}
`,
    variables: '{ "input": { "title": "Try the playground", "priority": "HIGH" } }',
  },
  {
    query: `# Stays open: change a task in another tab and see it arrive.
subscription Changes {
  taskChanged { kind id rev task { title status version } }
}
`,
  },
  {
    query: `subscription Counts {
  taskCountsChanged { all todo inProgress done }
}
`,
  },
];
