import { ApolloLink } from '@apollo/client';
import { OperationTypeNode } from 'graphql';
import { finalize, from, switchMap } from 'rxjs';

let lastMutation = Promise.resolve();

/** Sends mutations one at a time, because the second edit of a task builds on the version that the first one creates. */
export const serialMutationLink = new ApolloLink((operation, forward) => {
  if (operation.operationType !== OperationTypeNode.MUTATION) return forward(operation);
  const previous = lastMutation;
  let release = () => {};
  lastMutation = new Promise((resolve) => {
    release = resolve;
  });
  return from(previous).pipe(
    switchMap(() => forward(operation)),
    finalize(release),
  );
});
