/** The search field of the header. The query goes into the URL once the typing pauses. */
import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type RefObject, useState } from 'react';
import { Icon } from '@/ui/icons';

const PAUSE_MS = 200;
const MAX_LENGTH = 200;

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
  const [text, setText] = useState(query);
  // The URL follows the field with a delay, in which the person types on.
  const [sent, setSent] = useState(query);
  const search = useDebouncedCallback((next: string) => {
    setSent(next);
    // Back undoes the start or the end of a search, but not a change of its words.
    onSearch(next, (next === '') === (query === '') ? 'replace' : 'push');
  }, PAUSE_MS);
  // The URL can change without this field: by Back, or by a tab that ends the search.
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
  return (
    <TextInput
      ref={inputRef}
      type="search"
      size="xs"
      className={className}
      aria-label="Search tasks"
      placeholder="Search  /"
      maxLength={MAX_LENGTH}
      leftSection={<Icon name="search" />}
      value={text}
      onChange={(event) => change(event.currentTarget.value, (event.nativeEvent as InputEvent).isComposing)}
      onCompositionEnd={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') change('');
        if (event.key === 'Escape' || event.key === 'Enter') onLeave();
      }}
    />
  );
}
