/** Sends the operations of the playground: queries and mutations by POST, subscriptions over a WebSocket. */
import type { GraphiQLProps } from 'graphiql';
import { type ExecutionResult, getOperationAST, OperationTypeNode, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { GRAPHQL_URL, WEB_SOCKET_URL } from '@/apollo/endpoints';
import { csrfHeaders } from '@/apollo/session';

/** The client connects when the first subscription starts. */
const webSocketClient = createClient({ url: WEB_SOCKET_URL });

export const fetcher: GraphiQLProps['fetcher'] = (params, options) => {
  const operation = findOperation(params);
  // Right after a tab is selected, GraphiQL still sends the operation name of the previous tab.
  const request = operation ? { ...params, operationName: operation.name?.value } : params;
  if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
    // graphql-ws types errors as formatted errors, GraphiQL as GraphQLError objects. GraphiQL only prints them.
    return webSocketClient.iterate(request) as unknown as AsyncIterableIterator<ExecutionResult>;
  }
  return post(request, options?.headers);
};

/** Return the named operation, else the only one. Null for a document that the service will reject. */
function findOperation({ query, operationName }: { query: string; operationName?: string | null }) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null;
  }
}

async function post(request: object, headers: Record<string, string> | undefined): Promise<ExecutionResult> {
  const response = await fetch(GRAPHQL_URL, {
    method: 'POST',
    // The cookie of the session identifies the person, unless the headers of the tab hold a token.
    headers: { ...csrfHeaders(), ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
  return (await response.json()) as ExecutionResult;
}
