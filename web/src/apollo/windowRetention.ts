/** Which windows the cache keeps: those on screen, and the forty that were last; the others are let go when idle. */
import type { SearchTasksQueryVariables, TaskPageQueryVariables } from '@/gql';
import { cache } from './client';

const KEPT = 40;

type Variables = TaskPageQueryVariables | SearchTasksQueryVariables;

const kept = new Map<string, Variables>();
const onScreen = new Map<string, number>();
let sweeping = false;

/** A window is on screen, until the function that is returned is called. */
export function hold(variables: Variables): () => void {
  const key = JSON.stringify(variables);
  kept.delete(key);
  kept.set(key, variables);
  onScreen.set(key, (onScreen.get(key) ?? 0) + 1);
  return () => {
    const left = (onScreen.get(key) ?? 1) - 1;
    if (left > 0) onScreen.set(key, left);
    else onScreen.delete(key);
    if (kept.size > KEPT) sweepWhenIdle();
  };
}

/** The list has changed: what is not on screen is fetched anew when it is seen again. */
export function forgetOthers(): void {
  letGo(0);
}

function sweepWhenIdle(): void {
  if (sweeping) return;
  sweeping = true;
  whenIdle(() => {
    sweeping = false;
    letGo(KEPT);
    cache.gc({ resetResultCache: true });
  });
}

/** Safari has no idle callbacks. */
function whenIdle(run: () => void): void {
  if (typeof window.requestIdleCallback === 'function') window.requestIdleCallback(run);
  else setTimeout(run, 200);
}

function letGo(most: number): void {
  for (const [key, variables] of kept) {
    if (kept.size <= most) return;
    if (onScreen.has(key)) continue;
    kept.delete(key);
    cache.evict({ id: 'ROOT_QUERY', ...field(variables), broadcast: false });
  }
}

function field(variables: Variables): { fieldName: string; args: Record<string, unknown> } {
  if ('query' in variables) return { fieldName: 'searchTasks', args: { ...variables } };
  const { order, ...others } = variables;
  return { fieldName: 'tasks', args: { ...others, orderBy: order } };
}
