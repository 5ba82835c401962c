/** Follows the pointer while tasks are dragged, and says where they will go. */
import { listName } from '@/features/tasks/taskLists';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './DragBadge.module.css';
import { type TaskDrag, taskDrag } from './taskDrag';

export function DragBadge() {
  const drag = useStore(taskDrag);
  if (!drag) return null;
  return (
    <div className={styles.badge} style={{ translate: `${drag.x + 14}px ${drag.y + 14}px` }} data-over={!!drag.over}>
      {textOf(drag)}
    </div>
  );
}

function textOf({ count, over }: TaskDrag): string {
  const list = over === undefined ? undefined : listName(over);
  if (count === undefined) return list === undefined ? t('drag.all') : t('drag.allTo', { list });
  return list === undefined ? t('drag.tasks', { count }) : t('drag.tasksTo', { count, list });
}
