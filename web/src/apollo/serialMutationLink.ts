/** Mutations go one after the other: the second edit of a task counts on the version that the first one makes. */
import { ApolloLink } from '@apollo/client';
import { OperationTypeNode } from 'graphql';
import { finalize, from, switchMap } from 'rxjs';

let last = Promise.resolve();

export const inOrderLink = new ApolloLink((operation, forward) => {
  if (operation.operationType !== OperationTypeNode.MUTATION) return forward(operation);
  const before = last;
  let release = () => {};
  last = new Promise((resolve) => {
    release = resolve;
  });
  return from(before).pipe(
    switchMap(() => forward(operation)),
    finalize(release),
  );
});
