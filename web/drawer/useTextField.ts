/** A field of text that is saved when it is left, and keeps what was typed until it is. */
import { draftKey, useDraft } from '@/client/drafts';
import { useUpdateTasks } from '@/mutations/useUpdateTasks';

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
  const [draft, setDraft] = useDraft(draftKey(task.id, field));
  const updateTasks = useUpdateTasks();
  const save = () => {
    if (!draft) return;
    const text = field === 'title' ? draft.text.trim() : draft.text;
    if (text === task[field] || (field === 'title' && !text)) return setDraft(undefined);
    void updateTasks([{ id: task.id, [field]: text, expectedVersion: draft.version }]).then(
      (done) => done && setDraft(undefined),
    );
  };
  return {
    value: draft?.text ?? task[field],
    dirty: draft !== undefined && draft.text !== task[field],
    overtaken: draft !== undefined && draft.version < task.version,
    change: (text) => setDraft({ text, version: draft?.version ?? task.version }),
    save,
    drop: () => setDraft(undefined),
  };
}
