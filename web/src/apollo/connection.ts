/** Whether the service can be reached, hears us live, and has its Redis; what the dot and the banners show. */
import { createStore } from '@/ui/store';

export interface Connection {
  socket: 'opening' | 'open' | 'lost';
  reachable: boolean;
  degraded: boolean;
}

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'offline';

export const connection = createStore<Connection>({ socket: 'opening', reachable: true, degraded: false });

export function patchConnection(changes: Partial<Connection>): void {
  connection.set((now) => {
    const next = { ...now, ...changes };
    const same = next.socket === now.socket && next.reachable === now.reachable && next.degraded === now.degraded;
    return same ? now : next;
  });
}

export function connectionState({ socket, reachable }: Connection): ConnectionState {
  if (!reachable) return 'offline';
  if (socket === 'open') return 'connected';
  return socket === 'opening' ? 'connecting' : 'reconnecting';
}
