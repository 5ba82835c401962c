/** Rows without a task, shown while a window is being fetched or after its fetch failed. */
import { Button } from '@mantine/core';
import { t } from '@/ui/messages';
import utilities from '@/ui/utilities.module.css';
import { EmptyState as ErrorState } from './EmptyState';
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
        <span className={utilities.visuallyHidden}>{t('list.loading')}</span>
        <span className={styles.bone} style={{ width: `${25 + ((row * 37) % 40)}%` }} />
      </div>
    </div>
  );
}

/** A row as high as the list, shown if nothing could be loaded. */
export function FailedList({ row, top, errorMessage, retry, isSearch }: FailedRowProps & { isSearch: boolean }) {
  return (
    <div role="row" aria-rowindex={row + 1} className={styles.failedList} style={{ top }}>
      <div role="gridcell">
        <ErrorState icon={isSearch ? 'search' : 'list'} title={isSearch ? t('search.failed') : t('search.listFailed')}>
          <span role="alert">{errorMessage}</span>
          <Button onClick={retry} mt="md" display="block" mx="auto">
            {t('actions.tryAgain')}
          </Button>
        </ErrorState>
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
        <span role="alert">{t('list.notLoaded', { reason: errorMessage })}</span>
        <button type="button" className={styles.retry} onClick={retry}>
          {t('actions.tryAgain')}
        </button>
      </div>
    </div>
  );
}
