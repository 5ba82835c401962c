/** Rows without a task, shown while a window is being fetched or after its fetch failed. */
import utilities from '@/ui/utilities.module.css';
import styles from './PlaceholderRows.module.css';
import rowStyles from './TaskRow.module.css';

export interface RowPlacement {
  row: number;
  /** Pixels from the top of the scrolled element. */
  top: number;
}

export function SkeletonRow({ row, top }: RowPlacement) {
  return (
    <div
      role="row"
      aria-rowindex={row + 1}
      aria-busy="true"
      className={rowStyles.row}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" className={styles.skeleton}>
        <span className={utilities.visuallyHidden}>Loading</span>
        <span className={styles.bone} style={{ width: `${25 + ((row * 37) % 40)}%` }} />
      </div>
    </div>
  );
}

interface FailedRowProps extends RowPlacement {
  errorMessage: string;
  retry: () => void;
}

export function FailedRow({ row, top, errorMessage, retry }: FailedRowProps) {
  return (
    <div role="row" aria-rowindex={row + 1} className={rowStyles.row} style={{ transform: `translateY(${top}px)` }}>
      <div role="gridcell" className={styles.failed}>
        <span role="alert">Could not load these tasks. {errorMessage}</span>
        <button type="button" className={styles.retry} onClick={retry}>
          Try again
        </button>
      </div>
    </div>
  );
}
