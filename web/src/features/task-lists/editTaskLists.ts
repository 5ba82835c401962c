/** Creates, renames and archives lists. A renamed or archived list is a step of the undo history. */
import type { ApolloClient } from '@apollo/client';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { trackChange } from '@/features/task-editing/pendingChanges';
import { uuid7 } from '@/features/task-editing/taskIds';
import { type ChangeRecord, keepForRetry, rebaseUndoSteps, recordChange } from '@/features/task-editing/undoStack';
import { showUndoToast } from '@/features/task-editing/undoToast';
import { rememberTaskLists, type TaskList, taskLists } from '@/features/tasks/taskLists';
import { CreateTaskListDocument, UpdateTaskListDocument } from '@/gql';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';

/** The lists whose creation had no answer, by name. The same name gets the same id, so that it creates one list. */
const unanswered = new Map<string, string>();

/** Create a list. Resolves to the list, or to the reason of a failure. */
export function createTaskList(client: ApolloClient, name: string): Promise<TaskList | { problem: string }> {
  return trackChange(sendCreate(client, name));
}

async function sendCreate(client: ApolloClient, name: string): Promise<TaskList | { problem: string }> {
  const id = unanswered.get(name) ?? uuid7();
  unanswered.set(name, id);
  try {
    const { data } = await client.mutate({
      mutation: CreateTaskListDocument,
      variables: { input: { id, name } },
      fetchPolicy: 'no-cache',
    });
    unanswered.delete(name);
    const list = data?.createTaskList.taskList;
    if (!list) return { problem: data?.createTaskList.userErrors[0]?.message ?? t('lists.notSaved') };
    rememberTaskLists([list]);
    return list;
  } catch (error) {
    return { problem: errorMessage(error) };
  }
}

export type ListChange = { name: string } | { archived: boolean };

/** The change of each list that is being sent. */
const sending = new Map<string, Promise<string | undefined>>();

/** Rename, archive or unarchive a list. Resolves to the reason of a failure, or to undefined. */
export function changeTaskList(client: ApolloClient, list: TaskList, change: ListChange): Promise<string | undefined> {
  const earlier = sending.get(list.id);
  // The earlier change gives the list a new version, which is no conflict. If it failed, the person has to decide first.
  const sent = earlier
    ? earlier.then((problem) => problem ?? sendChange(client, taskLists.get().get(list.id) ?? list, change))
    : sendChange(client, list, change);
  sending.set(list.id, sent);
  void sent.finally(() => {
    if (sending.get(list.id) === sent) sending.delete(list.id);
  });
  return trackChange(sent);
}

async function sendChange(
  client: ApolloClient,
  list: TaskList,
  change: ListChange,
  record: ChangeRecord = { origin: 'change', label: describe(list, change) },
  expectedVersion = list.version,
): Promise<string | undefined> {
  try {
    const { data } = await client.mutate({
      mutation: UpdateTaskListDocument,
      variables: { input: { id: list.id, expectedVersion, ...change } },
      fetchPolicy: 'no-cache',
    });
    const { taskList, currentTaskList, userErrors = [] } = data?.updateTaskList ?? {};
    if (!taskList) {
      if (currentTaskList) rememberTaskLists([currentTaskList]);
      return currentTaskList
        ? t('lists.conflict', { name: isolate(currentTaskList.name) })
        : (userErrors[0]?.message ?? t('lists.notSaved'));
    }
    rememberTaskLists([taskList]);
    if (taskList.version > expectedVersion) recordListChange(client, list, taskList, change, record);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

function recordListChange(
  client: ApolloClient,
  before: TaskList,
  after: TaskList,
  change: ListChange,
  record: ChangeRecord,
): void {
  rebaseUndoSteps(after.id, after.version - 1, after.version);
  const expected = [{ id: after.id, expectedVersion: after.version }];
  const inverse = 'name' in change ? { name: before.name } : { archived: before.archivedAt !== null };
  const step = recordChange(
    record,
    async (next) => {
      const problem = await trackChange(sendChange(client, after, inverse, next, expected[0]?.expectedVersion));
      if (problem === undefined) return;
      keepForRetry(next);
      showErrorToast(problem);
    },
    expected,
  );
  if (record.origin === 'change') showUndoToast(doneMessage(before, change), step);
}

function describe({ name }: TaskList, change: ListChange): string {
  const list = isolate(name);
  if ('name' in change) return t('lists.history.renamed', { list, name: isolate(change.name) });
  return change.archived ? t('lists.history.archived', { list }) : t('lists.history.unarchived', { list });
}

function doneMessage({ name }: TaskList, change: ListChange): string {
  const list = isolate(name);
  if ('name' in change) return t('lists.renamed', { name: isolate(change.name) });
  return change.archived ? t('lists.archived', { list }) : t('lists.unarchived', { list });
}
