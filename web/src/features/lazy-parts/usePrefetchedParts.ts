import { useEffect } from 'react';
import { connection, connectionStatus } from '@/apollo/connection';
import { whenIdle } from '@/ui/whenIdle';
import { partLoaders } from './lazyPart';
import { loadWhenIdle } from './partLoader';

/**
 * Load every part of the page while the browser is idle, once the page is ready.
 *
 * An open page then works offline, and after a deployment that removed the code of its build. Loading stops while the
 * service cannot be reached, and continues when the connection returns. A browser that saves data loads nothing ahead.
 */
export function usePrefetchedParts(ready: boolean): void {
  useEffect(() => {
    if (!ready || savesData()) return;
    let running = false;
    const prefetch = async () => {
      if (running || connectionStatus(connection.get()) === 'offline') return;
      running = true;
      const loaded = await loadWhenIdle(partLoaders(), () => new Promise(whenIdle));
      running = false;
      if (loaded) performance.mark('parts loaded');
    };
    void prefetch();
    return connection.subscribe(() => void prefetch());
  }, [ready]);
}

function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData ?? false;
}
