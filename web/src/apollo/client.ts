/** The Apollo client: a chain of links over HTTP for queries and mutations, a WebSocket for subscriptions. */
import { ApolloClient, ApolloLink, HttpLink } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { GraphQLCodegenDataMasking } from '@apollo/client/masking';
import { OperationTypeNode } from 'graphql';
import { cache } from './cache';
import { GRAPHQL_URL } from './endpoints';
import { reachabilityLink } from './reachabilityLink';
import { requestMetricsLink } from './requestMetricsLink';
import { serialMutationLink } from './serialMutationLink';
import { versionGuardLink } from './versionGuardLink';
import { webSocketClient } from './webSocketClient';

declare module '@apollo/client' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface TypeOverrides extends GraphQLCodegenDataMasking.TypeOverrides {}
}

export const client = new ApolloClient({
  cache,
  dataMasking: true,
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(webSocketClient),
    ApolloLink.from([
      versionGuardLink,
      serialMutationLink,
      requestMetricsLink,
      reachabilityLink,
      new HttpLink({ uri: GRAPHQL_URL }),
    ]),
  ),
});
