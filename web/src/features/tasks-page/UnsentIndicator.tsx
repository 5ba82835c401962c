/** Counts the texts that could not be saved yet, and sends them again. */
import { commitDrafts } from '@/features/task-editing/outbox';
import { unsentDrafts, useUnsentCount } from '@/features/task-editing/unsavedChanges';
import styles from './UnsentIndicator.module.css';

export function UnsentIndicator() {
  const count = useUnsentCount();
  return (
    <span role="status">
      {count > 0 && (
        <button
          type="button"
          className={styles.button}
          title="Texts that the service has not saved. Click to try again."
          onClick={() => commitDrafts(unsentDrafts())}
        >
          {count} not saved yet
        </button>
      )}
    </span>
  );
}
