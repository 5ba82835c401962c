/** Says that a field has unsaved text, and offers to discard it. */
import type { TextField } from './useTextField';
import styles from './DraftNotice.module.css';

export function DraftNotice({ field }: { field: TextField }) {
  if (!field.unsaved) return null;
  return (
    <span className={styles.notice} data-outdated={field.outdated}>
      {field.outdated ? 'This task has changed since you started editing. ' : 'Unsaved changes. '}
      <button
        type="button"
        className={styles.discard}
        // Keep the focus in the field: losing it would save the text.
        onMouseDown={(event) => event.preventDefault()}
        onClick={field.discard}
      >
        Discard changes
      </button>
    </span>
  );
}
