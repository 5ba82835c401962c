/** Counts the tasks that others add to this view, for "3 new, show"; into an empty list they come at once. */
import { useEffect } from 'react';
import { arrival, listChanged } from '@/features/tasks/listEvents';
import type { useLoaded } from './useListAnchor';
import { belongs, type View } from './taskView';

export function useArrivals(view: View, { rows, loaded, addNews }: ReturnType<typeof useLoaded>): void {
  useEffect(
    () =>
      arrival.subscribe(() => {
        const task = arrival.get();
        // A fetch may have brought it already, before we were told.
        if (!task || view.q || !belongs(task, view) || rows.rowOf(task.id) !== undefined) return;
        if (loaded.total === 0) listChanged();
        else addNews();
      }),
    [view, loaded.total, rows, addNews],
  );
}
