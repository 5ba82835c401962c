/** Sends subscriptions over the WebSocket, once the first requests are answered. */
import { ApolloLink, CombinedGraphQLErrors } from '@apollo/client';
import { print } from '@apollo/client/utilities';
import type { GraphQLFormattedError } from 'graphql';
import { from, Observable, switchMap } from 'rxjs';
import { firstAnswers, takeFeedStart } from './feedStart';
import { webSocketClient } from './webSocketClient';

export const webSocketLink = new ApolloLink((operation) =>
  from(firstAnswers()).pipe(switchMap(() => subscribe(operation))),
);

function subscribe({ query, variables, operationName }: ApolloLink.Operation): Observable<ApolloLink.Result> {
  const payload = {
    query: print(query),
    operationName,
    // Converted whenever the client sends the subscription, which it repeats after a lost connection.
    variables: operationName === 'TaskChanged' ? { toJSON: () => ({ after: takeFeedStart() }) } : variables,
  };
  return new Observable((observer) =>
    webSocketClient.subscribe<ApolloLink.Result['data']>(payload, {
      next: (result) => observer.next(result as ApolloLink.Result),
      complete: () => observer.complete(),
      error: (error) => observer.error(toError(error)),
    }),
  );
}

/** The service refuses a subscription with a list of errors. */
function toError(error: unknown): Error {
  if (error instanceof Error) return error;
  if (Array.isArray(error)) return new CombinedGraphQLErrors({ errors: error as GraphQLFormattedError[] });
  return new Error('The WebSocket was closed.');
}
