/** Bounds the cache: it keeps the windows on screen and the 40 most recent other windows. Older windows are evicted when idle. */
import type { FilterTasksQueryVariables, SearchTasksQueryVariables, TaskPageQueryVariables } from '@/gql';
import { whenIdle } from '@/ui/whenIdle';
import { cache } from './client';

const MAX_RECENT_WINDOWS = 40;

export type WindowVariables = TaskPageQueryVariables | SearchTasksQueryVariables | FilterTasksQueryVariables;

/** The windows in order of last use, the most recent one last. */
const recentWindows = new Map<string, WindowVariables>();
/** How many components show each window. */
const visibleCounts = new Map<string, number>();
let evictionScheduled = false;

/** Mark a window as on screen until the returned function is called. */
export function retainWindow(variables: WindowVariables): () => void {
  const key = JSON.stringify(variables);
  recentWindows.delete(key);
  recentWindows.set(key, variables);
  visibleCounts.set(key, (visibleCounts.get(key) ?? 0) + 1);
  return () => {
    const remaining = (visibleCounts.get(key) ?? 1) - 1;
    if (remaining > 0) visibleCounts.set(key, remaining);
    else visibleCounts.delete(key);
    if (recentWindows.size > MAX_RECENT_WINDOWS) scheduleEviction();
  };
}

/** Evict every window that is not on screen. Call this when the list has changed. */
export function evictHiddenWindows(): void {
  evictDownTo(0);
}

function scheduleEviction(): void {
  if (evictionScheduled) return;
  evictionScheduled = true;
  whenIdle(() => {
    evictionScheduled = false;
    evictDownTo(MAX_RECENT_WINDOWS);
    cache.gc({ resetResultCache: true });
  });
}

function evictDownTo(limit: number): void {
  for (const [key, variables] of recentWindows) {
    if (recentWindows.size <= limit) return;
    if (visibleCounts.has(key)) continue;
    recentWindows.delete(key);
    cache.evict({ id: 'ROOT_QUERY', ...cachedField(variables), broadcast: false });
  }
}

function cachedField(variables: WindowVariables): { fieldName: string; args: Record<string, unknown> } {
  if ('query' in variables) return { fieldName: 'searchTasks', args: { ...variables } };
  if ('filter' in variables) return { fieldName: 'filterTasks', args: { ...variables } };
  const { order, ...remaining } = variables;
  return { fieldName: 'tasks', args: { ...remaining, orderBy: order } };
}
