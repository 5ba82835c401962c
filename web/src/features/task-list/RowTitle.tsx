/** The title of a row. It is a link to the task, and can be edited in place. The row handles its clicks. */
import { useRef } from 'react';
import { useCanWrite } from '@/features/identity/permissions';
import { HighlightedText } from '@/features/search/HighlightedText';
import { useDetachedTitle } from '@/features/task-editing/detachedTitle';
import { useTaskDraft } from '@/features/task-editing/useTaskDraft';
import { taskPath } from '@/features/tasks/taskLink';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import styles from './RowTitle.module.css';

interface Props {
  task: { id: string; title: string; status: string; version: number };
  editing: boolean;
  onEdit: (id: string | undefined) => void;
}

export function RowTitle({ task, editing, onEdit }: Props) {
  const { draft, status, discard } = useTaskDraft(task, 'title');
  const canWrite = useCanWrite();
  const unsaved = draft && status?.kind !== 'saving';
  if (editing) return <TitleEditor task={task} onDone={() => onEdit(undefined)} />;
  const edit = () => onEdit(task.id);
  return (
    <>
      <a
        href={taskPath(task.id)}
        tabIndex={-1}
        dir="auto"
        className={styles.title}
        data-done={task.status === 'DONE'}
        title={task.title}
      >
        <HighlightedText text={task.title} />
      </a>
      {unsaved && (
        <button type="button" tabIndex={-1} className={styles.unsaved} onClick={edit} title={draft.text}>
          {t('list.unsaved')}
        </button>
      )}
      {unsaved && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.discard}
          aria-label={t('list.discardText', { title: task.title })}
          onClick={discard}
        >
          <Icon name="close" />
        </button>
      )}
      {canWrite && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.edit}
          aria-label={t('list.editTitle', { title: task.title })}
          onClick={edit}
        >
          <Icon name="pencil" />
        </button>
      )}
    </>
  );
}

function TitleEditor({ task, onDone }: { task: Props['task']; onDone: () => void }) {
  const { draft, change, save } = useTaskDraft(task, 'title');
  const input = useRef<HTMLInputElement>(null);
  // Removing the input from the page causes a blur, which must not save a second time.
  const finished = useRef(false);
  useDetachedTitle(task, input, () => finished.current);

  const finish = () => {
    if (finished.current) return;
    finished.current = true;
    onDone();
    save();
  };
  return (
    <input
      ref={input}
      className={styles.input}
      aria-label={t('tasks.field.title')}
      dir="auto"
      maxLength={500}
      value={draft?.text ?? task.title}
      onChange={(event) => change(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === 'Escape') finish();
      }}
    />
  );
}
