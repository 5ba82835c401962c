import { useCallback, useEffect, useRef, useState } from 'react';
import { errorMessage } from '@/features/task-editing/lostAnswers';

export interface Page<T> {
  nodes: T[];
  /** The cursor of the next page, or null if this page is the last one. */
  next: string | null;
}

export interface Pages<T> {
  items: T[];
  hasMore: boolean;
  loading: boolean;
  error: string | undefined;
  loadMore: () => void;
  /** Load the first page again. */
  reload: () => void;
  /** Show an item in place of the one with the same id. */
  replace: (item: T) => void;
}

/** Read a list page by page, the first one at once. `fetchPage` must not change between renders. */
export function usePages<T extends { id: string }>(fetchPage: (after: string | null) => Promise<Page<T>>): Pages<T> {
  const [pages, setPages] = useState<Page<T>>({ nodes: [], next: null });
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<string>();
  /** The latest request. An answer to an earlier one is dropped. */
  const latest = useRef(0);
  const load = useCallback(
    (after: string | null) => {
      const request = (latest.current += 1);
      const finish = (apply: () => void) => {
        if (request !== latest.current) return;
        apply();
        setLoading(false);
      };
      const show = (page: Page<T>) => {
        setPages(({ nodes }) => (after === null ? page : { ...page, nodes: [...nodes, ...page.nodes] }));
        setError(undefined);
      };
      fetchPage(after).then(
        (page) => finish(() => show(page)),
        (problem: unknown) => finish(() => setError(errorMessage(problem))),
      );
    },
    [fetchPage],
  );
  useEffect(() => {
    load(null);
    return () => {
      latest.current += 1;
    };
  }, [load]);
  const start = (after: string | null) => {
    setLoading(true);
    load(after);
  };
  const replace = useCallback((item: T) => {
    setPages((page) => ({ ...page, nodes: page.nodes.map((node) => (node.id === item.id ? item : node)) }));
  }, []);
  return {
    items: pages.nodes,
    hasMore: pages.next !== null,
    loading,
    error,
    loadMore: () => start(pages.next),
    reload: () => start(null),
    replace,
  };
}
