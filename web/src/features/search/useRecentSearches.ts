import { type KeyboardEvent, useState } from 'react';
import { forgetSearch, readSearches } from './recentSearches';

export type RecentSearchList = ReturnType<typeof useRecentSearches>;

/** The state of the list of recent searches. It is open while the field is empty, and the option -1 is none. */
export function useRecentSearches(onChoose: (query: string) => void) {
  const [searches, setSearches] = useState<readonly string[]>([]);
  const [wanted, setWanted] = useState(false);
  const [selected, setSelected] = useState(-1);
  const isOpen = wanted && searches.length > 0;

  const show = () => {
    setSearches(readSearches());
    setSelected(-1);
    setWanted(true);
  };
  const hide = () => setWanted(false);
  const forget = (query?: string) => {
    setSearches(forgetSearch(query));
    setSelected(-1);
  };
  const choose = (index: number) => {
    const query = searches[index];
    if (query === undefined) return forget();
    hide();
    onChoose(query);
  };
  /** Handle a key of the field. Returns whether the list has used it. */
  const onKeyDown = ({ key }: KeyboardEvent): boolean => {
    if (!isOpen) return false;
    const count = searches.length + 1;
    if (key === 'ArrowDown') setSelected((selected + 1) % count);
    else if (key === 'ArrowUp') setSelected((Math.max(selected, 0) + count - 1) % count);
    else if (key === 'Escape') hide();
    else if (key === 'Enter' && selected >= 0) choose(selected);
    else if (key === 'Delete' && searches[selected] !== undefined) forget(searches[selected]);
    else return false;
    return true;
  };
  return { searches, isOpen, selected, show, hide, forget, choose, onKeyDown };
}
