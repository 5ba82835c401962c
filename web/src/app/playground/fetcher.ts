/** How the playground asks: queries and mutations by POST, subscriptions over a WebSocket that is opened for the first. */
import type { GraphiQLProps } from 'graphiql';
import { getOperationAST, OperationTypeNode, parse, type ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { GRAPHQL_URL, SOCKET_URL } from '@/apollo/endpoints';

const socket = createClient({ url: SOCKET_URL });

export const fetcher: GraphiQLProps['fetcher'] = (params, options) => {
  const operation = operationOf(params);
  // Right after a change of tabs GraphiQL still names the operation of the last one.
  const asked = operation ? { ...params, operationName: operation.name?.value } : params;
  if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
    // Its errors are formatted, as they come; GraphiQL only shows them.
    return socket.iterate(asked) as unknown as AsyncIterableIterator<ExecutionResult>;
  }
  return post(asked, options?.headers);
};

/** The operation that is meant: the one of that name, else the only one. The service says what is wrong with none. */
function operationOf({ query, operationName }: { query: string; operationName?: string | null }) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null;
  }
}

async function post(params: object, headers: Record<string, string> | undefined): Promise<ExecutionResult> {
  const response = await fetch(GRAPHQL_URL, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(params),
  });
  return (await response.json()) as ExecutionResult;
}
