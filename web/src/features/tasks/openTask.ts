/** What the list asks of the panel that shows the open task. */
import { createStore } from '@/ui/store';

/** Whether the title of the open task is to be edited once it appears. */
export const titleEditWanted = createStore(false);

export function editOpenTitle(): void {
  titleEditWanted.set(true);
}
