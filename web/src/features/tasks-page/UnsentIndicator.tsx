/** Counts the texts that could not be saved yet, and sends them again. */
import { commitDrafts } from '@/features/task-editing/outbox';
import { unsentDrafts, useUnsentCount } from '@/features/task-editing/unsavedChanges';
import { t } from '@/ui/messages';
import styles from './UnsentIndicator.module.css';

export function UnsentIndicator() {
  const count = useUnsentCount();
  return (
    <span role="status">
      {count > 0 && (
        <button
          type="button"
          className={styles.button}
          title={t('statusBar.notSavedHint')}
          onClick={() => commitDrafts(unsentDrafts())}
        >
          {t('statusBar.notSaved', { count })}
        </button>
      )}
    </span>
  );
}
