import { useApolloClient } from '@apollo/client/react';
import { useEffect, useRef } from 'react';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { TaskFieldsFragmentDoc } from '@/gql';
import { type Draft, draftKey, type DraftStatus, readDraft, readDraftStatus, useDraft, useDraftStatus } from './drafts';
import { commitDrafts } from './outbox';

type Field = 'title' | 'description';

export interface TaskDraft {
  draft: Draft | undefined;
  status: DraftStatus | undefined;
  change: (text: string) => void;
  /** Save the latest text, or drop the draft if there is nothing to save. */
  save: () => void;
  discard: () => void;
}

/** The unsaved text of one field of a task. */
export function useTaskDraft(task: { id: string; version: number }, field: Field): TaskDraft {
  const client = useApolloClient();
  const key = draftKey(task.id, field);
  const [draft, setDraft] = useDraft(key);
  const status = useDraftStatus(key);
  // The cache may know a newer version than the rendered task, because an optimistic edit is in flight.
  const baseVersion = () => readDraft(key)?.version ?? readTaskRow(client, task.id)?.version ?? task.version;
  // An edit in flight may still fail, so the text counts as saved only if it is there with and without that edit.
  const isSaved = (text: string) =>
    [true, false].every((optimistic) => {
      const id = client.cache.identify({ __typename: 'Task', id: task.id });
      const options = { fragment: TaskFieldsFragmentDoc, fragmentName: 'TaskFields', id, optimistic };
      const cached = field === 'title' ? readTaskRow(client, task.id, optimistic) : client.cache.readFragment(options);
      return cached !== null && text === cached[field as keyof typeof cached];
    });
  const save = () => {
    const latest = readDraft(key);
    if (!latest || readDraftStatus(key)?.kind === 'saving') return;
    const text = field === 'title' ? latest.text.trim() : latest.text;
    if (isSaved(text) || (field === 'title' && !text)) return setDraft(undefined);
    commitDrafts([key]);
  };
  return {
    draft,
    status,
    change: (text) => setDraft({ text, version: baseVersion() }),
    save,
    discard: () => setDraft(undefined),
  };
}

/** Save the text of an editor that disappears without a blur event, as when Back closes the drawer. */
export function useSaveOnUnmount(save: () => void): void {
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(() => () => latest.current(), []);
}
