import { useSyncExternalStore } from 'react';
import { subscribeToDrafts } from '@/features/task-editing/drafts';
import { draftedTaskIds } from '@/features/task-editing/goneTasks';

/** Return the ids of the tasks with unsaved text. */
export function useDraftedTaskIds(): string[] {
  const ids = useSyncExternalStore(subscribeToDrafts, readIds, () => '');
  return ids === '' ? [] : ids.split(' ');
}

/** A text, so that two reads of the same ids are equal. */
function readIds(): string {
  return draftedTaskIds().join(' ');
}
