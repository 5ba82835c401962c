/** The latest searches of this browser. */
import { ownKey } from '@/apollo/session';
import { safeLocalStorage } from '@/ui/safeStorage';
import { parseQuery } from './searchQuery';
import { fold } from './words';

export const MAX_SEARCHES = 10;
export const KEY = 'millitask.recentSearches';

let storage: ReturnType<typeof safeLocalStorage> | undefined;

/** Return the latest searches, the newest first. */
export function readSearches(): readonly string[] {
  return parseSearches(browserStorage().getItem(ownKey(KEY)));
}

/** Remember a search. Returns the latest searches. */
export function rememberSearch(query: string): readonly string[] {
  return write(addSearch(readSearches(), query));
}

/** Forget a search, or all of them. Returns the latest searches. */
export function forgetSearch(query?: string): readonly string[] {
  return write(query === undefined ? [] : readSearches().filter((search) => search !== query));
}

/** Return the searches with one more in front. The same words in other letters are the same search. */
export function addSearch(searches: readonly string[], query: string): readonly string[] {
  const added = query.trim();
  if (parseQuery(added).text === '') return searches;
  const folded = fold(added);
  return [added, ...searches.filter((search) => fold(search) !== folded)].slice(0, MAX_SEARCHES);
}

/** Return stored searches. Anything else in the storage is ignored. */
export function parseSearches(stored: string | null): readonly string[] {
  try {
    const value: unknown = JSON.parse(stored ?? '[]');
    const texts = Array.isArray(value)
      ? value.filter((text): text is string => typeof text === 'string' && text !== '')
      : [];
    return [...new Set(texts)].slice(0, MAX_SEARCHES);
  } catch {
    return [];
  }
}

function write(searches: readonly string[]): readonly string[] {
  try {
    browserStorage().setItem(ownKey(KEY), JSON.stringify(searches));
  } catch {
    // The storage is full. The searches of this page still work, but are not remembered.
  }
  return searches;
}

function browserStorage(): ReturnType<typeof safeLocalStorage> {
  return (storage ??= safeLocalStorage());
}
