/** The WebSocket for subscriptions: comes again by itself, and notices a line that is dead without saying so. */
import { createClient } from 'graphql-ws';
import { patchConnection } from './connection';
import { SOCKET_URL } from './endpoints';

const KEEP_ALIVE_MS = 10_000;
const PONG_MS = 4_000;
const LONGEST_WAIT_MS = 3_000;

let socket: WebSocket | undefined;
let pong: ReturnType<typeof setTimeout> | undefined;

export const socketClient = createClient({
  url: SOCKET_URL,
  keepAlive: KEEP_ALIVE_MS,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (attempt) => untilOnline(Math.min(200 * 2 ** attempt, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2)),
  on: {
    connected: (opened) => {
      socket = opened as WebSocket;
      patchConnection({ socket: 'open', reachable: true });
    },
    closed: () => {
      clearTimeout(pong);
      patchConnection({ socket: 'lost' });
    },
    ping: (received) => {
      if (!received) pong = setTimeout(() => socket?.close(4408, 'No pong'), PONG_MS);
    },
    pong: (received) => {
      if (received) clearTimeout(pong);
    },
  },
});

function untilOnline(longest: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, longest);
    window.addEventListener('online', done);
  });
}

/** What the browser knows: a line that was away is opened anew, so that we are told what we missed. */
export function watchBrowser(): () => void {
  const offline = () => patchConnection({ reachable: false });
  const online = () => {
    patchConnection({ reachable: true });
    socketClient.terminate();
  };
  if (!navigator.onLine) offline();
  window.addEventListener('offline', offline);
  window.addEventListener('online', online);
  return () => {
    window.removeEventListener('offline', offline);
    window.removeEventListener('online', online);
  };
}
