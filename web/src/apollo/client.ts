/** The Apollo client. Queries and mutations use a chain of links over HTTP, subscriptions use a WebSocket. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import type { GraphQLCodegenDataMasking } from '@apollo/client/masking';
import { OperationTypeNode } from 'graphql';
import { GRAPHQL_URL } from './endpoints';
import { feedStartLink } from './feedStart';
import { rateLimitLink } from './rateLimitLink';
import { reachabilityLink } from './reachabilityLink';
import { requestMetricsLink } from './requestMetricsLink';
import { resendLink } from './resendLink';
import { serialMutationLink } from './serialMutationLink';
import { sessionLink } from './sessionLink';
import { versionGuardLink } from './versionGuardLink';
import { webSocketLink } from './webSocketLink';

declare module '@apollo/client' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface TypeOverrides extends GraphQLCodegenDataMasking.TypeOverrides {}
}

/** The normalized cache of tasks and of the windows that list them. */
export const cache = new InMemoryCache({
  typePolicies: {
    Query: {
      fields: {
        // Each window of the list is an entry of its own, keyed by all its arguments.
        tasks: { merge: false },
        searchTasks: { merge: false },
        filterTasks: { merge: false },
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

export const client = new ApolloClient({
  cache,
  dataMasking: true,
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    webSocketLink,
    ApolloLink.from([
      versionGuardLink,
      serialMutationLink,
      resendLink,
      sessionLink,
      rateLimitLink,
      requestMetricsLink,
      reachabilityLink,
      feedStartLink,
      new HttpLink({ uri: GRAPHQL_URL }),
    ]),
  ),
});
