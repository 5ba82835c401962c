import { useMemo } from 'react';
import { type Conditions, historyOf, NO_CONDITIONS } from '@/features/filters/conditions';
import type { SetView, View } from '@/features/task-list/taskView';

export interface Filter {
  /** The conditions in the URL. A search does not apply them. */
  conditions: Conditions;
  /** Set the conditions, and end a search. */
  choose: (next: Conditions) => void;
  /** Set the conditions. A search continues. */
  change: (next: Conditions) => void;
  clear: () => void;
}

export function useFilter(view: View, setView: SetView): Filter {
  const { q, list, assignee, label, priority, created, expires, due } = view;
  return useMemo(() => {
    const conditions = { list, assignee, label, priority, created, expires, due };
    const change = (next: Conditions, ending?: { q: null }) =>
      void setView({ ...next, row: null, ...ending }, { history: ending ? 'push' : historyOf(conditions, next) });
    return {
      conditions,
      choose: (next) => change(next, q ? { q: null } : undefined),
      change: (next) => change(next),
      clear: () => change(NO_CONDITIONS),
    };
  }, [q, list, assignee, label, priority, created, expires, due, setView]);
}
