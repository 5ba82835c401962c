/** The state of the connection to the service. The status bar and the banner show it. */
import { createStore } from '@/ui/store';

export interface Connection {
  socket: 'connecting' | 'open' | 'lost';
  /** Whether the last request reached the service. */
  reachable: boolean;
  /** Whether the service is in degraded mode: PostgreSQL answers because the Redis index is not in use. */
  degraded: boolean;
}

export type ConnectionStatus = 'connecting' | 'connected' | 'reconnecting' | 'offline';

export const connection = createStore<Connection>({ socket: 'connecting', reachable: true, degraded: false });

/** Update some fields. Subscribers are called only if a field changes. */
export function updateConnection(changes: Partial<Connection>): void {
  connection.set((current) => {
    const next = { ...current, ...changes };
    const unchanged =
      next.socket === current.socket && next.reachable === current.reachable && next.degraded === current.degraded;
    return unchanged ? current : next;
  });
}

export function connectionStatus({ socket, reachable }: Connection): ConnectionStatus {
  if (!reachable) return 'offline';
  if (socket === 'open') return 'connected';
  return socket === 'connecting' ? 'connecting' : 'reconnecting';
}
