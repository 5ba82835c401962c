import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { isForbidden } from '@/apollo/refusal';
import { idsCreatedHere, invalidateList } from '@/features/tasks/listEvents';
import { CreateTaskDocument, type CreateTaskInput, type TaskFieldsFragment } from '@/gql';
import { t } from '@/ui/messages';
import { nameTasks } from './changeLabels';
import { errorMessage, readTasks } from './lostAnswers';
import { trackChange } from './pendingChanges';
import { recordChange } from './undoStack';
import { showUndoToast } from './undoToast';
import { deleteTasks } from './useDeleteTasks';

const FIRST_VERSION = 1;

export type NewTask = CreateTaskInput & { id: string };

/**
 * What became of a new task. Without an answer, the task is read: it may be `unsaved` until now, and still be created
 * by a request in flight. If it cannot be read either, the outcome is `unknown`.
 */
export type CreateOutcome =
  | { kind: 'created'; task?: TaskFieldsFragment }
  | { kind: 'refused'; errors: Record<string, string> }
  | { kind: 'unsaved'; message: string }
  | { kind: 'unknown' };

export function useCreateTask(): (input: NewTask) => Promise<CreateOutcome> {
  const client = useApolloClient();
  return useCallback((input) => createTask(client, input), [client]);
}

export function createTask(client: ApolloClient, input: NewTask): Promise<CreateOutcome> {
  return trackChange(sendCreate(client, input));
}

async function sendCreate(client: ApolloClient, input: NewTask): Promise<CreateOutcome> {
  idsCreatedHere.add(input.id);
  try {
    const { data } = await client.mutate({ mutation: CreateTaskDocument, variables: { input } });
    const { task, userErrors = [] } = data?.createTask ?? {};
    if (task) return reportCreated(client, task);
    // An earlier attempt created the task, and someone has deleted it since.
    if (userErrors.some(({ code }) => code === 'ID_TAKEN')) return { kind: 'created' };
    return {
      kind: 'refused',
      errors: Object.fromEntries(userErrors.map(({ field, message }) => [field?.at(-1) ?? 'title', message])),
    };
  } catch (error) {
    if (isForbidden(error)) return { kind: 'refused', errors: { title: errorMessage(error) } };
    return readUnanswered(client, input.id, error);
  }
}

/** Read the task again: the service may have created it before the connection broke. */
async function readUnanswered(client: ApolloClient, id: string, error: unknown): Promise<CreateOutcome> {
  try {
    const [task] = await readTasks(client, [id]);
    if (task) return reportCreated(client, task);
    return { kind: 'unsaved', message: t('editing.tryAgainAfter', { reason: errorMessage(error) }) };
  } catch {
    return { kind: 'unknown' };
  }
}

function reportCreated(client: ApolloClient, task: TaskFieldsFragment): CreateOutcome {
  // The version that the create has made. A live event may have brought a later one.
  const expected = [{ id: task.id, expectedVersion: FIRST_VERSION }];
  showUndoToast(
    t('editing.created'),
    recordChange(
      { origin: 'change', label: t('history.created', { tasks: nameTasks([task]) }) },
      (record) => deleteTasks(client, expected, { record }),
      expected,
    ),
  );
  invalidateList();
  return { kind: 'created', task };
}
