import type { DraftStatus } from '@/features/task-editing/drafts';
import type { TextField } from '@/features/task-editing/fieldConflicts';
import { useSaveOnUnmount, useTaskDraft } from '@/features/task-editing/useTaskDraft';

type Task = { id: string; version: number } & Record<TextField, string>;

export interface TextFieldState {
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
export function useTextField(task: Task, field: TextField): TextFieldState {
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
