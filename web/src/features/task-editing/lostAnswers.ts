/** Finds out what happened to a change that the service has not answered: reads its tasks again. */
import type { ApolloClient } from '@apollo/client';
import { setBounded } from '@/apollo/boundedMap';
import { connection } from '@/apollo/connection';
import { refusalOfError, retryAfterMs } from '@/apollo/refusal';
import { UnreachableError } from '@/apollo/unreachableError';
import { type TaskFieldsFragment, TasksByIdDocument, type UpdateTaskInput } from '@/gql';
import { t } from '@/ui/messages';
import { showErrorToast, type ToastAction } from '@/ui/toast';
import { hasWantedValues, type UpdateResults } from './taskEdits';

const MAX_IDS = 100;
const RETRY_MS = 2_000;
const MAX_UNCONFIRMED = 1_000;

/** Tasks in the order of their ids, with null for a task that was deleted or has expired. */
type CurrentTasks = (TaskFieldsFragment | null)[];

/** The latest updates without an answer, by task. */
const unconfirmed = new Map<string, UpdateTaskInput>();

/** Remember updates without an answer. They may have been saved. */
export function noteUnconfirmed(inputs: UpdateTaskInput[]): void {
  for (const input of inputs) setBounded(unconfirmed, input.id, input, MAX_UNCONFIRMED);
}

/** Whether this version of a task was created by an update of this tab whose answer was lost. */
export function isUnconfirmedVersion(task: TaskFieldsFragment): boolean {
  const input = unconfirmed.get(task.id);
  return !!input && task.version === (input.expectedVersion ?? 0) + 1 && hasWantedValues(task, input);
}

/** Whether an update of this version of a task is without an answer, so that the task may have changed since. */
export function mayHaveChanged({ id, version }: Pick<TaskFieldsFragment, 'id' | 'version'>): boolean {
  return (unconfirmed.get(id)?.expectedVersion ?? -1) >= version;
}

/**
 * Read the tasks of a change without an answer, and report what happened. Waits for the service if it cannot be reached.
 *
 * The returned promise does not include that wait, so that later changes and an undo do not wait either.
 */
export async function reportLostChange<T>(
  client: ApolloClient,
  ids: string[],
  report: (tasks: CurrentTasks) => T,
): Promise<T | undefined> {
  try {
    return report(await readTasks(client, ids));
  } catch {
    showErrorToast(t('editing.checkLater'));
    void readWhenReachable(client, ids).then(report);
    return undefined;
  }
}

/** Say that a change was not saved, and why. */
export function showNotSaved(error: unknown, what: string, retry: ToastAction['run']): void {
  showErrorToast(`${what} ${errorMessage(error)}`, { label: t('actions.tryAgain'), run: retry });
}

export function errorMessage(error: unknown): string {
  if (error instanceof UnreachableError) return t('connection.unanswered');
  const refusal = refusalOfError(error);
  const { code, scope } = refusal;
  if (code === 'FORBIDDEN' && scope !== undefined) return t('session.lacks', { scope });
  if (code === 'RATE_LIMITED') return t('session.limited', { seconds: Math.ceil(retryAfterMs(refusal) / 1_000) });
  return error instanceof Error ? error.message : String(error);
}

/** Read tasks from the service into the cache, and evict those that are gone. Rejects if there is no answer. */
export async function readTasks(client: ApolloClient, ids: string[]): Promise<CurrentTasks> {
  const tasks: CurrentTasks = [];
  for (let start = 0; start < ids.length; start += MAX_IDS) {
    const chunk = ids.slice(start, start + MAX_IDS);
    const { data } = await client.query({
      query: TasksByIdDocument,
      variables: { ids: chunk },
      fetchPolicy: 'network-only',
    });
    const nodes = data?.nodes ?? [];
    tasks.push(...chunk.map((_, i) => (nodes[i]?.__typename === 'Task' ? nodes[i] : null)));
  }
  client.cache.evict({ id: 'ROOT_QUERY', fieldName: 'nodes' });
  tasks.forEach((task, i) => {
    if (!task) client.cache.evict({ id: client.cache.identify({ __typename: 'Task', id: ids[i] ?? '' }) });
  });
  return tasks;
}

async function readWhenReachable(client: ApolloClient, ids: string[]): Promise<CurrentTasks> {
  for (;;) {
    await reachableAgain();
    try {
      return await readTasks(client, ids);
    } catch {
      // The loop tries again.
    }
  }
}

/** Resolves when the service can be reached, but not at once: a request has just failed. */
async function reachableAgain(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  if (connection.get().reachable) return;
  await new Promise<void>((resolve) => {
    const stop = connection.subscribe(() => {
      if (!connection.get().reachable) return;
      stop();
      resolve();
    });
  });
}

/** Return the results that the service would have sent for these inputs, judged by the tasks as they are now. */
export function resultsOfLostUpdate(inputs: UpdateTaskInput[], tasks: CurrentTasks): UpdateResults {
  return inputs.map((input, i) => {
    const task = tasks[i] ?? null;
    const saved = task !== null && hasWantedValues(task, input);
    const error = task
      ? { code: 'NOT_DONE' as const, message: t('editing.notDone') }
      : { code: 'NOT_FOUND' as const, message: t('goneTask.unknown') };
    return {
      __typename: 'UpdateTasksResult' as const,
      task: saved ? task : null,
      currentTask: null,
      userErrors: saved ? [] : [{ __typename: 'UserError' as const, ...error }],
    };
  });
}
