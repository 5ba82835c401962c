import { useTaskDraft } from '@/features/task-editing/useTaskDraft';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';

type Field = 'title' | 'description';
type Task = { id: string; version: number } & Record<Field, string>;

export interface TextField {
  value: string;
  unsaved: boolean;
  /** Whether the task has a newer version than the one that the draft builds on. */
  outdated: boolean;
  change: (text: string) => void;
  save: () => void;
  discard: () => void;
}

/** A text field of a task. Its unsaved text is kept as a draft. */
export function useTextField(task: Task, field: Field): TextField {
  const { draft, change, discard, read } = useTaskDraft(task, field);
  const updateTasks = useUpdateTasks();
  const save = () => {
    const latest = read();
    if (!latest) return;
    const text = field === 'title' ? latest.text.trim() : latest.text;
    if (text === task[field] || (field === 'title' && !text)) return discard();
    void updateTasks([{ id: task.id, [field]: text, expectedVersion: latest.version }]);
  };
  return {
    value: draft?.text ?? task[field],
    unsaved: draft !== undefined && draft.text !== task[field],
    outdated: draft !== undefined && draft.version < task.version,
    change,
    save,
    discard,
  };
}
