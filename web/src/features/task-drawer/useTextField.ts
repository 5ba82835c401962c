import type { DraftStatus } from '@/features/task-editing/drafts';
import { useSaveOnUnmount, useTaskDraft } from '@/features/task-editing/useTaskDraft';

type Field = 'title' | 'description';
type Task = { id: string; version: number } & Record<Field, string>;

export interface TextField {
  value: string;
  unsaved: boolean;
  /** Whether someone else has changed the field since the draft was started. */
  outdated: boolean;
  status: DraftStatus | undefined;
  change: (text: string) => void;
  save: () => void;
  leave: () => void;
  discard: () => void;
}

/** A text field of a task. Its unsaved text is kept as a draft. */
export function useTextField(task: Task, field: Field): TextField {
  const { draft, status, change, save, leave, discard } = useTaskDraft(task, field);
  useSaveOnUnmount(leave);
  return {
    value: draft?.text ?? task[field],
    unsaved: draft !== undefined && (draft.text !== task[field] || status !== undefined),
    outdated: draft !== undefined && draft.version < task.version && draft.base !== task[field],
    status,
    change,
    save,
    leave,
    discard,
  };
}
