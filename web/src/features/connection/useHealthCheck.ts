import { useEffect } from 'react';
import { connection, updateConnection } from '@/apollo/connection';
import { READINESS_URL } from '@/apollo/endpoints';

const HEALTHY_INTERVAL_MS = 10_000;
const UNHEALTHY_INTERVAL_MS = 1_500;
const TIMEOUT_MS = 5_000;

/** Polls the readiness endpoint while the tab is visible, more often while the service is unreachable or degraded. */
export function useHealthCheck(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const poll = async () => {
      if (!document.hidden) await checkHealth();
      const { degraded, reachable } = connection.get();
      timer = setTimeout(() => void poll(), degraded || !reachable ? UNHEALTHY_INTERVAL_MS : HEALTHY_INTERVAL_MS);
    };
    timer = setTimeout(() => void poll(), UNHEALTHY_INTERVAL_MS);
    return () => clearTimeout(timer);
  }, []);
}

async function checkHealth(): Promise<void> {
  try {
    const { degraded } = (await (await fetch(READINESS_URL, { signal: AbortSignal.timeout(TIMEOUT_MS) })).json()) as {
      degraded?: boolean;
    };
    updateConnection({ reachable: navigator.onLine, degraded: degraded ?? false });
  } catch {
    updateConnection({ reachable: false });
  }
}
