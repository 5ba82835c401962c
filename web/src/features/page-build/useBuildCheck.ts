import { useEffect } from 'react';
import { connection, connectionStatus } from '@/apollo/connection';
import { checkBuild } from './pageBuild';

/** For pages whose files come from another host: a deployment there breaks no connection. */
const INTERVAL_MS = 300_000;

/** Look for a new build whenever the page has connected, because a deployment breaks the connection, and at times. */
export function useBuildCheck(): void {
  useEffect(() => {
    let status = connectionStatus(connection.get());
    const unsubscribe = connection.subscribe(() => {
      const before = status;
      status = connectionStatus(connection.get());
      if (status === 'connected' && before !== 'connected') void checkBuild();
    });
    const timer = setInterval(() => !document.hidden && void checkBuild(), INTERVAL_MS);
    return () => {
      unsubscribe();
      clearInterval(timer);
    };
  }, []);
}
