/** A text in which the parts that match the search are marked. */
import { createContext, use, useMemo } from 'react';
import { splitByMatches } from './matches';
import styles from './HighlightedText.module.css';
import type { Term } from './searchQuery';

/** The terms of the search whose results the list shows. */
export const SearchTerms = createContext<readonly Term[]>([]);

export function HighlightedText({ text }: { text: string }) {
  const terms = use(SearchTerms);
  const parts = useMemo(() => splitByMatches(text, terms), [text, terms]);
  return parts.map((part, i) =>
    part.matched ? (
      <mark key={i} className={styles.mark}>
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}
