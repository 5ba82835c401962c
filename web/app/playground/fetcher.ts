/** How the playground asks: queries and mutations by POST, subscriptions over a WebSocket that is opened for the first. */
import type { GraphiQLProps } from 'graphiql';
import { getOperationAST, OperationTypeNode, parse, type ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { GRAPHQL_URL, SOCKET_URL } from '@/client/urls';

const socket = createClient({ url: SOCKET_URL });

export const fetcher: GraphiQLProps['fetcher'] = (params, options) => {
  const document = options?.documentAST ?? parse(params.query);
  if (getOperationAST(document, params.operationName)?.operation === OperationTypeNode.SUBSCRIPTION) {
    // Its errors are formatted, as they come; GraphiQL only shows them.
    return socket.iterate(params) as unknown as AsyncIterableIterator<ExecutionResult>;
  }
  return post(params, options?.headers);
};

async function post(params: object, headers: Record<string, string> | undefined): Promise<ExecutionResult> {
  const response = await fetch(GRAPHQL_URL, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(params),
  });
  return (await response.json()) as ExecutionResult;
}
