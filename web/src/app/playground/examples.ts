/** The operations that the playground opens with on a first visit. */
export const EXAMPLES: { query: string; variables?: string }[] = [
  {
    query: `# Jump to any page by its number.
# The total is exact. The last page costs as much as the first.
# "extensions.cache" in the response reports the cost.
# Run the query twice to see cache hits.
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
    query: `# Page through the list with a cursor: copy "endCursor" from the response into "after".
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
    query: `# Search by words or by the beginnings of words, in any order.
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
    query: `# Create a task. "userErrors" lists invalid fields.
mutation Create($input: CreateTaskInput!) {
  createTask(input: $input) {
    task { id title version createdAt }
    userErrors { field message code }
  }
}
`,
    variables: '{ "input": { "title": "Try the playground", "priority": "HIGH" } }',
  },
  {
    query: `# Subscribe to changes. Edit a task in another tab to receive an event.
subscription Changes {
  taskChanged { kind id rev task { title status version } }
}
`,
  },
  {
    query: `# Subscribe to the number of tasks of each status.
subscription Counts {
  taskCountsChanged { all todo inProgress done }
}
`,
  },
];
