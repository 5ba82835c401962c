import { InMemoryCache } from '@apollo/client';

/** The normalized cache of tasks and of the windows that list them. */
export const cache = new InMemoryCache({
  typePolicies: {
    Query: {
      fields: {
        // Each window of the list is an entry of its own, keyed by all its arguments.
        tasks: { merge: false },
        searchTasks: { merge: false },
        taskCounts: { merge: true },
        // The drawer opens with the fields that the list has loaded, and fetches the remaining ones.
        task: {
          read: (existing: unknown, { args, toReference }) =>
            existing === null ? null : toReference({ __typename: 'Task', id: args?.['id'] as string }),
        },
      },
    },
  },
});
