import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';

const url = import.meta.env.VITE_GRAPHQL_URL ?? 'http://127.0.0.1:8000/graphql';
// The API token, if the service requires one. It becomes part of the built app, so use this for development only.
const token = import.meta.env.VITE_MILLITASK_TOKEN;
// graphql-ws connects when the first subscription starts. After a lost connection it reconnects and subscribes again.
const socket = createClient({
  url: url.replace(/^http/, 'ws'),
  connectionParams: token ? { token } : {},
  retryAttempts: Infinity,
  shouldRetry: () => true,
});

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url, headers: token ? { authorization: `Bearer ${token}` } : {} }),
  ),
  cache: new InMemoryCache(),
});
