/** What the list asks of the panel that shows the open task. */
import { createStore } from '@/ui/store';

/** A counter that increases when the title of the open task is to be edited. */
export const titleFocusRequests = createStore(0);

export function editOpenTitle(): void {
  titleFocusRequests.set((current) => current + 1);
}
