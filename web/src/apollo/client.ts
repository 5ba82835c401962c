/** The Apollo client of the page: its links, and how its cache names things. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, ServerError, ServerParseError } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { GraphQLCodegenDataMasking } from '@apollo/client/masking';
import { OperationTypeNode } from 'graphql';
import { tap } from 'rxjs';
import { patchConnection } from './connection';
import { inOrderLink } from './serialMutationLink';
import { insightLink } from './requestMetricsLink';
import { newerLink } from './versionGuardLink';
import { socketClient } from './webSocketClient';
import { GRAPHQL_URL } from './endpoints';

declare module '@apollo/client' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface TypeOverrides extends GraphQLCodegenDataMasking.TypeOverrides {}
}

/** An answer with a status is an answer; anything else means that nobody is there. */
const reachLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap({
      error: (error: unknown) => {
        const aborted = error instanceof DOMException && error.name === 'AbortError';
        if (!ServerError.is(error) && !ServerParseError.is(error) && !aborted) patchConnection({ reachable: false });
      },
    }),
  ),
);

export const cache = new InMemoryCache({
  typePolicies: {
    Query: {
      fields: {
        // Each window of the list is an entry of its own, by all its arguments.
        tasks: { merge: false },
        searchTasks: { merge: false },
        taskCounts: { merge: true },
        // What the list knows of a task is there at once; the rest is fetched.
        task: {
          read: (known: unknown, { args, toReference }) =>
            known === null ? null : toReference({ __typename: 'Task', id: args?.['id'] as string }),
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
    new GraphQLWsLink(socketClient),
    ApolloLink.from([newerLink, inOrderLink, insightLink, reachLink, new HttpLink({ uri: GRAPHQL_URL })]),
  ),
});
