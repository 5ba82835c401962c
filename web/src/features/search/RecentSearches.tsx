/** The list of recent searches below the empty search field, which keeps the focus (an ARIA combobox). */
import { Icon, type IconName } from '@/ui/icons';
import { t } from '@/ui/messages';
import utilities from '@/ui/utilities.module.css';
import styles from './RecentSearches.module.css';
import type { RecentSearchList } from './useRecentSearches';

export const LIST_ID = 'recent-searches';

export function optionId(index: number): string {
  return `recent-search-${index + 1}`;
}

/** `list.searches` are the options, followed by one that removes all of them. */
export function RecentSearches({ list }: { list: RecentSearchList }) {
  const { searches, selected } = list;
  const option = (index: number, icon: IconName) => ({
    icon,
    index,
    selected: selected === index,
    onChoose: () => list.choose(index),
  });
  return (
    // The field keeps the focus when the person presses on the list.
    <div className={styles.dropdown} onMouseDown={(event) => event.preventDefault()}>
      <div aria-hidden="true" className={styles.heading}>
        {t('search.recent.title')}
      </div>
      <div role="listbox" id={LIST_ID} aria-label={t('search.recent.title')}>
        {searches.map((query, index) => (
          <Option key={query} {...option(index, 'clock')} onRemove={() => list.forget(query)}>
            {query}
          </Option>
        ))}
        <Option {...option(searches.length, 'trash')}>{t('search.recent.removeAll')}</Option>
      </div>
      <div aria-hidden="true" className={`${styles.hint} ${utilities.desktopOnly}`}>
        {t('search.recent.hint')}
      </div>
    </div>
  );
}

interface OptionProps {
  index: number;
  icon: IconName;
  selected: boolean;
  onChoose: () => void;
  onRemove?: () => void;
  children: string;
}

function Option({ index, icon, selected, onChoose, onRemove, children }: OptionProps) {
  return (
    <div
      role="option"
      id={optionId(index)}
      aria-selected={selected}
      aria-keyshortcuts={onRemove && 'Delete'}
      className={styles.option}
      onClick={onChoose}
    >
      <Icon name={icon} />
      <span dir="auto" className={styles.query}>
        {children}
      </span>
      {onRemove && (
        // An option cannot contain a button. Delete does the same.
        <span
          aria-hidden="true"
          title={t('search.recent.remove')}
          className={styles.remove}
          onClick={(event) => {
            event.stopPropagation();
            onRemove();
          }}
        >
          <Icon name="close" />
        </span>
      )}
    </div>
  );
}
