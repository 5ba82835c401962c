import { useApolloClient } from '@apollo/client/react';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { type Draft, draftKey, readDraft, useDraft } from './drafts';

export interface TaskDraft {
  draft: Draft | undefined;
  change: (text: string) => void;
  discard: () => void;
  /** Return the current draft, which may be newer than the rendered one. */
  read: () => Draft | undefined;
}

/** The unsaved text of one field of a task. */
export function useTaskDraft(task: { id: string; version: number }, field: 'title' | 'description'): TaskDraft {
  const client = useApolloClient();
  const key = draftKey(task.id, field);
  const [draft, setDraft] = useDraft(key);
  const read = () => readDraft(key);
  // The cache may know a newer version than the rendered task, because an optimistic edit is in flight.
  const baseVersion = () => read()?.version ?? readTaskRow(client, task.id)?.version ?? task.version;
  return {
    draft,
    change: (text) => setDraft({ text, version: baseVersion() }),
    discard: () => setDraft(undefined),
    read,
  };
}
