import { useMemo, useSyncExternalStore } from 'react';
import type { TaskFilter, TaskStatus } from '@/gql';
import { type Conditions, taskFilter } from './conditions';

const MINUTE_MS = 60_000;

/** Return the filter of the service for the conditions. Its times follow the clock, minute by minute. */
export function useTaskFilter(conditions: Conditions, status: TaskStatus | null): TaskFilter | null {
  const minute = useSyncExternalStore(onEachMinute, currentMinute, () => 0);
  const key = JSON.stringify(taskFilter(conditions, status, new Date(minute * MINUTE_MS)));
  return useMemo(() => JSON.parse(key) as TaskFilter | null, [key]);
}

function currentMinute(): number {
  return Math.floor(Date.now() / MINUTE_MS);
}

/** A timer of a hidden tab is late. It runs at the latest when the tab is shown. */
function onEachMinute(listener: () => void): () => void {
  const timer = setInterval(listener, MINUTE_MS / 2);
  document.addEventListener('visibilitychange', listener);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', listener);
  };
}
