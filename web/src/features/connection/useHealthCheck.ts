/** Asks the service whether its Redis is in use: seldom while all is well, often while it is not. */
import { useEffect } from 'react';
import { connection, patchConnection } from '@/apollo/connection';
import { READY_URL } from '@/apollo/endpoints';

const WELL_MS = 10_000;
const DEGRADED_MS = 1_500;

export function useHealth(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      if (!document.hidden) {
        try {
          const { degraded } = (await (await fetch(READY_URL)).json()) as { degraded?: boolean };
          patchConnection({ reachable: navigator.onLine, degraded: degraded ?? false });
        } catch {
          patchConnection({ reachable: false });
        }
      }
      const { degraded, reachable } = connection.get();
      timer = setTimeout(() => void ask(), degraded || !reachable ? DEGRADED_MS : WELL_MS);
    };
    timer = setTimeout(() => void ask(), DEGRADED_MS);
    return () => clearTimeout(timer);
  }, []);
}
