import { ApolloLink } from '@apollo/client';
import { OperationTypeNode } from 'graphql';
import { finalize, from, switchMap } from 'rxjs';

/** For each task, the latest mutation that has not ended. */
const latestMutations = new Map<string, Promise<void>>();

/**
 * Sends mutations of the same task one at a time: the second edit builds on the version that the first one creates.
 *
 * Mutations of different tasks do not wait for each other.
 */
export const serialMutationLink = new ApolloLink((operation, forward) => {
  if (operation.operationType !== OperationTypeNode.MUTATION) return forward(operation);
  const ids = taskIds(operation.variables['input']);
  const previous = ids.flatMap((id) => latestMutations.get(id) ?? []);
  let release = () => {};
  const ended = new Promise<void>((resolve) => {
    release = resolve;
  });
  for (const id of ids) latestMutations.set(id, ended);
  return from(Promise.all(previous)).pipe(
    switchMap(() => forward(operation)),
    finalize(() => {
      release();
      for (const id of ids) if (latestMutations.get(id) === ended) latestMutations.delete(id);
    }),
  );
});

/** Return the ids of the tasks in the input of a mutation: a task, or a list of tasks. */
function taskIds(input: unknown): string[] {
  const { tasks = [input] } = (input ?? {}) as { tasks?: unknown[] };
  return tasks.flatMap((task) => (task as { id?: string | null } | undefined)?.id ?? []);
}
