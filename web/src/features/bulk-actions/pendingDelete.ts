/** A delete of many tasks that the person has not confirmed yet. */
import { createStore } from '@/ui/store';

export interface PendingDelete {
  /** Undefined if the number of tasks is not known, as in a search. */
  count: number | undefined;
  confirm: () => void;
}

export const pendingDelete = createStore<PendingDelete | undefined>(undefined);
