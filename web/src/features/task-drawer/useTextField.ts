/** A field of text that is saved when it is left, and keeps what was typed until it is. */
import { useTaskDraft } from '@/features/task-editing/useTaskDraft';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';

type Field = 'title' | 'description';
type Task = { id: string; version: number } & Record<Field, string>;

export interface TextField {
  value: string;
  /** Typed, and not saved. */
  dirty: boolean;
  /** Somebody else has changed the task since the typing began. */
  overtaken: boolean;
  change: (text: string) => void;
  save: () => void;
  drop: () => void;
}

export function useTextField(task: Task, field: Field): TextField {
  const { draft, change, drop, now } = useTaskDraft(task, field);
  const updateTasks = useUpdateTasks();
  const save = () => {
    const typed = now();
    if (!typed) return;
    const text = field === 'title' ? typed.text.trim() : typed.text;
    if (text === task[field] || (field === 'title' && !text)) return drop();
    void updateTasks([{ id: task.id, [field]: text, expectedVersion: typed.version }]);
  };
  return {
    value: draft?.text ?? task[field],
    dirty: draft !== undefined && draft.text !== task[field],
    overtaken: draft !== undefined && draft.version < task.version,
    change,
    save,
    drop,
  };
}
