/** What can be done with the text that is kept for a task that is gone. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { invalidateList } from '@/features/tasks/listEvents';
import { RestoreTasksDocument, type UpdateTaskInput } from '@/gql';
import { t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';
import { draftKey, readDraft } from './drafts';
import { type BaseValues, TEXT_FIELDS, type TextField } from './fieldConflicts';
import { discardKeptText, forgetGoneTasks, goneTasks, keptText, rememberGoneTask } from './goneTasks';
import { errorMessage } from './lostAnswers';
import { trackChange } from './pendingChanges';
import { keepNewTask, settleNewTask } from './queuedCreates';
import { clearPendingId, idForCreate } from './taskIds';
import { useCreateTask } from './useCreateTask';
import { useUpdateTasks } from './useUpdateTasks';

const MAX_TITLE_LENGTH = 500;

export interface KeptTextActions {
  /** Restore the task, and save the kept text in it. Resolves to whether the task exists again. */
  restore: () => Promise<boolean>;
  /** Create another task with the kept text. Resolves to whether it was created. */
  saveAsNew: () => Promise<boolean>;
}

export function useKeptText(id: string): KeptTextActions {
  const client = useApolloClient();
  const updateTasks = useUpdateTasks();
  const createTask = useCreateTask();
  return {
    restore: async () => {
      if (!(await trackChange(restoreTask(client, id)))) return false;
      const { edit, base } = editOfDrafts(id);
      if (edit) await updateTasks([edit], { bases: [base] });
      return true;
    },
    saveAsNew: async () => {
      const kept = keptText(id);
      const fields = newTask(id);
      const input = { id: idForCreate(fields), ...fields };
      keepNewTask(input);
      const outcome = await createTask(input);
      settleNewTask(input, outcome);
      if (outcome.kind === 'refused' || outcome.kind === 'unsaved') {
        showErrorToast(outcome.kind === 'unsaved' ? outcome.message : Object.values(outcome.errors).join(' '));
        return false;
      }
      clearPendingId();
      // What was typed in the meantime is not in the new task.
      if (!isSameText(keptText(id), kept)) return false;
      discardKeptText(id);
      return true;
    },
  };
}

function isSameText(a: Record<TextField, string>, b: Record<TextField, string>): boolean {
  return TEXT_FIELDS.every((field) => a[field] === b[field]);
}

async function restoreTask(client: ApolloClient, id: string): Promise<boolean> {
  try {
    const { data } = await client.mutate({ mutation: RestoreTasksDocument, variables: { input: { tasks: [{ id }] } } });
    const result = data?.restoreTasks.results[0];
    if (result?.task) {
      forgetGoneTasks([id]);
      // The cache may still say that the task does not exist.
      client.cache.evict({ id: 'ROOT_QUERY', fieldName: 'task', args: { id } });
      invalidateList();
      showToast(t('editing.restored', { count: 1 }));
      return true;
    }
    if (result?.userErrors.some(({ code }) => code === 'NOT_FOUND')) rememberGoneTask(client, id, 'lost');
    else
      showErrorToast(
        [...(result?.userErrors ?? []), ...(data?.restoreTasks.userErrors ?? [])][0]?.message ??
          t('editing.taskNotRestored'),
      );
  } catch (error) {
    showErrorToast(t('editing.restoreUnknown', { reason: errorMessage(error) }));
  }
  return false;
}

/** Return the edit that saves the drafts of a task, and the values that the drafts build on. */
function editOfDrafts(id: string): { edit: UpdateTaskInput | undefined; base: BaseValues } {
  const edit: UpdateTaskInput = { id };
  const base: BaseValues = {};
  for (const field of TEXT_FIELDS) {
    const draft = readDraft(draftKey(id, field));
    const text = field === 'title' ? draft?.text.trim() : draft?.text;
    if (!draft || text === undefined || (field === 'title' && !text)) continue;
    edit[field] = text;
    edit.expectedVersion = Math.min(edit.expectedVersion ?? Infinity, draft.version);
    if (draft.base !== undefined) base[field] = draft.base;
  }
  return { edit: edit.expectedVersion === undefined ? undefined : edit, base };
}

/** Return a new task with the kept text, and the other fields that the page has seen last. */
function newTask(id: string) {
  const { title, description } = keptText(id);
  const { status, priority, expiresAt, dueAt, assignee, labels, listId } = goneTasks.get().get(id)?.lastSeen ?? {};
  const [firstLine = ''] = description.trim().split('\n');
  const stillAhead = !!expiresAt && Date.parse(expiresAt) > Date.now();
  return {
    title: (title.trim() || firstLine).slice(0, MAX_TITLE_LENGTH),
    description,
    status: status ?? null,
    priority: priority ?? null,
    expiresAt: stillAhead ? expiresAt : null,
    dueAt: dueAt ?? null,
    assignee: assignee ?? null,
    labels: labels ?? [],
    listId: listId ?? null,
  };
}
