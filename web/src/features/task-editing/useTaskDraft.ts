/** What is typed into a field of a task, and on which version of the task it stands. */
import { useApolloClient } from '@apollo/client/react';
import { type Draft, draftKey, readDraft, useDraft } from './drafts';
import { readRow } from '@/features/tasks/readTaskRow';

export interface TaskDraft {
  draft: Draft | undefined;
  change: (text: string) => void;
  drop: () => void;
  /** As it is now, which may be newer than what is drawn: an edit of one's own goes on its way before it is drawn. */
  now: () => Draft | undefined;
}

export function useTaskDraft(task: { id: string; version: number }, field: 'title' | 'description'): TaskDraft {
  const client = useApolloClient();
  const key = draftKey(task.id, field);
  const [draft, setDraft] = useDraft(key);
  const now = () => readDraft(key);
  return {
    draft,
    change: (text) => setDraft({ text, version: now()?.version ?? readRow(client, task.id)?.version ?? task.version }),
    drop: () => setDraft(undefined),
    now,
  };
}
