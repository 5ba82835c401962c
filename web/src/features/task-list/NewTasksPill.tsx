/** A button above the list that shows the tasks that others have added. */
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import type { NewTaskCount } from './newTasks';
import styles from './NewTasksPill.module.css';

export function NewTasksPill({ count, more, onShow }: NewTaskCount & { onShow: () => void }) {
  return (
    <div className={styles.container} role="status">
      {count > 0 && (
        <button type="button" className={styles.pill} onClick={onShow}>
          <Icon name="arrowUp" />
          {more ? t('list.showMoreThan', { count }) : t('list.showNew', { count })}
        </button>
      )}
    </div>
  );
}
