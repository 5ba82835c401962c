import { useEffect } from 'react';
import { connection, connectionStatus } from '@/apollo/connection';
import { afterStart } from '@/ui/afterStart';
import { whenIdle } from '@/ui/whenIdle';
import { partLoaders } from './lazyPart';
import { loadWhenIdle } from './partLoader';

/**
 * Load every part of the page while the browser is idle, a few seconds after the page is ready, or when it is used.
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
    let unsubscribe = () => {};
    const cancel = afterStart(() => {
      void prefetch();
      unsubscribe = connection.subscribe(() => void prefetch());
    });
    return () => {
      cancel();
      unsubscribe();
    };
  }, [ready]);
}

function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData ?? false;
}
