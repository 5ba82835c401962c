/** Opens the filter menu, which is placed below this button. */
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import styles from './FilterButton.module.css';

/** The menu and its accessible name refer to the button by this id. */
export const FILTER_BUTTON_ID = 'filter-button';

interface Props {
  /** The number of active conditions. */
  count: number;
  opened: boolean;
  onClick: () => void;
}

export function FilterButton({ count, opened, onClick }: Props) {
  return (
    <button
      type="button"
      id={FILTER_BUTTON_ID}
      className={styles.button}
      title={t('filters.hint')}
      aria-haspopup="dialog"
      aria-expanded={opened}
      aria-keyshortcuts="f"
      data-active={count > 0}
      onClick={onClick}
    >
      <Icon name="filter" />
      <span className={styles.label}>{t('filters.name')}</span>
    </button>
  );
}

export function focusFilterButton(): void {
  document.getElementById(FILTER_BUTTON_ID)?.focus();
}
