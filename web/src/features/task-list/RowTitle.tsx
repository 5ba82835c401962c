/** The title of a row: opens the task, or is edited in its place. */
import { useEffect, useRef } from 'react';
import { useTaskDraft } from '@/features/task-editing/useTaskDraft';
import { Icon } from '@/ui/icons';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import styles from './TaskGrid.module.css';

interface Props {
  task: { id: string; title: string; status: string; version: number };
  editing: boolean;
  onEdit: (id: string | undefined) => void;
  onOpen: (id: string) => void;
}

export function RowTitle({ task, editing, onEdit, onOpen }: Props) {
  const { draft, drop } = useTaskDraft(task, 'title');
  if (editing) return <TitleEditor task={task} onDone={() => onEdit(undefined)} />;
  return (
    <>
      <button
        type="button"
        tabIndex={-1}
        className={styles.title}
        data-done={task.status === 'DONE'}
        onClick={() => onOpen(task.id)}
      >
        {task.title}
      </button>
      {draft && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.unsaved}
          onClick={() => onEdit(task.id)}
          title={draft.text}
        >
          Not saved
        </button>
      )}
      {draft && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.ghost}
          aria-label={`Drop what was typed for ${task.title}`}
          onClick={drop}
        >
          <Icon name="close" />
        </button>
      )}
      <button
        type="button"
        tabIndex={-1}
        className={styles.pencil}
        aria-label={`Edit title: ${task.title}`}
        onClick={() => onEdit(task.id)}
      >
        <Icon name="pencil" />
      </button>
    </>
  );
}

function TitleEditor({ task, onDone }: { task: Props['task']; onDone: () => void }) {
  const { draft, change, drop, now } = useTaskDraft(task, 'title');
  const updateTasks = useUpdateTasks();
  const input = useRef<HTMLInputElement>(null);
  const left = useRef(false);
  useEffect(() => input.current?.select(), []);

  const leave = (save: boolean) => {
    if (left.current) return;
    left.current = true;
    onDone();
    const typed = now();
    const title = typed?.text.trim();
    if (!save || !typed || !title || title === task.title) return drop();
    void updateTasks([{ id: task.id, title, expectedVersion: typed.version }]);
  };
  return (
    <input
      ref={input}
      className={styles.titleInput}
      aria-label="Title"
      maxLength={500}
      value={draft?.text ?? task.title}
      onChange={(event) => change(event.target.value)}
      onBlur={() => leave(true)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) leave(true);
        if (event.key === 'Escape') leave(false);
      }}
    />
  );
}
