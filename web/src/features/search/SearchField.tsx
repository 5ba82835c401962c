/** The search field of the header. The query goes into the URL once the typing pauses. */
import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type KeyboardEvent, type RefObject, useState } from 'react';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { LIST_ID, optionId, RecentSearches } from './RecentSearches';
import styles from './SearchField.module.css';
import { rememberSearch } from './recentSearches';
import { useRecentSearches } from './useRecentSearches';

const PAUSE_MS = 200;
/** Longer than what is searched, so that a note can say that a longer text is cut. */
const MAX_LENGTH = 1_000;

interface Props {
  /** The query in the URL. */
  query: string;
  inputRef: RefObject<HTMLInputElement | null>;
  className: string | undefined;
  onSearch: (query: string, history: 'push' | 'replace') => void;
  /** Called when the person leaves the field by Enter or Escape. */
  onLeave: () => void;
}

export function SearchField({ query, inputRef, className, onSearch, onLeave }: Props) {
  const { text, change, searchNow, flush } = useSearchText(query, onSearch);
  const recent = useRecentSearches((chosen) => {
    rememberSearch(chosen);
    searchNow(chosen);
    onLeave();
  });
  const clear = () => {
    rememberSearch(text);
    searchNow('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (recent.onKeyDown(event)) return event.preventDefault();
    if (event.key === 'Escape') clear();
    else if (event.key === 'Enter') {
      rememberSearch(text);
      searchNow(text);
    } else return undefined;
    return onLeave();
  };
  return (
    <div className={`${className} ${styles.field}`} data-searching={query !== ''}>
      <TextInput
        ref={inputRef}
        type="search"
        role="combobox"
        aria-haspopup="listbox"
        aria-expanded={recent.isOpen}
        aria-controls={recent.isOpen ? LIST_ID : undefined}
        aria-activedescendant={recent.isOpen && recent.selected >= 0 ? optionId(recent.selected) : undefined}
        autoComplete="off"
        size="xs"
        classNames={{ input: styles.input }}
        aria-label={t('search.field')}
        placeholder={t('search.placeholder')}
        maxLength={MAX_LENGTH}
        leftSection={<Icon name="search" />}
        rightSection={
          text !== '' && (
            <CloseButton
              size="xs"
              aria-label={t('search.clearField')}
              onClick={() => {
                clear();
                inputRef.current?.focus();
                recent.show();
              }}
            />
          )
        }
        value={text}
        onChange={(event) => {
          const next = event.currentTarget.value;
          change(next, (event.nativeEvent as InputEvent).isComposing);
          if (next === '') recent.show();
          else recent.hide();
        }}
        onCompositionEnd={(event) => change(event.currentTarget.value)}
        onFocus={() => text === '' && recent.show()}
        onBlur={() => {
          rememberSearch(text);
          recent.hide();
          // A search disables the sort order, which would lose the focus if the search began later.
          flush();
        }}
        onKeyDown={onKeyDown}
      />
      {recent.isOpen && <RecentSearches list={recent} />}
    </div>
  );
}

/** The text of the field, and functions that change it. The URL follows with a delay. */
function useSearchText(query: string, onSearch: Props['onSearch']) {
  const [text, setText] = useState(query);
  // The person types on while the URL has not followed yet.
  const [sent, setSent] = useState(query);
  const search = useDebouncedCallback((next: string) => {
    setSent(next);
    if (next === query) return;
    // Back undoes the start or the end of a search, but not a change of its words.
    onSearch(next, (next === '') === (query === '') ? 'replace' : 'push');
  }, PAUSE_MS);
  // The URL can change without this field: by Back, or by a link.
  const [lastQuery, setLastQuery] = useState(query);
  if (lastQuery !== query) {
    setLastQuery(query);
    if (query !== sent) {
      setSent(query);
      setText(query);
    }
  }
  const change = (next: string, composing = false) => {
    setText(next);
    // A word that an input method composes is searched when it is confirmed.
    if (!composing) search(next.trim());
  };
  const searchNow = (next: string) => {
    change(next);
    search.flush();
  };
  return { text, change, searchNow, flush: search.flush };
}
