/** The WebSocket for subscriptions. It reconnects by itself and detects a connection that failed without a close event. */
import { createClient } from 'graphql-ws';
import { updateConnection } from './connection';
import { WEB_SOCKET_URL } from './endpoints';
import { forgetFeedStart } from './feedStart';
import { checkSession, session, sessionReady } from './session';

const PING_INTERVAL_MS = 10_000;
const PONG_TIMEOUT_MS = 4_000;
const MAX_RETRY_DELAY_MS = 3_000;

let socket: WebSocket | undefined;
let pongTimer: ReturnType<typeof setTimeout> | undefined;

/** Whether a connection has ended, so that the next one first asks who is signed in now. */
let reconnecting = false;

/** Resolves when the socket may connect: it belongs to the person who is signed in when it opens. */
async function socketUrl(): Promise<string> {
  if (reconnecting && session.get().status !== 'open') await checkSession();
  await sessionReady();
  return WEB_SOCKET_URL;
}

export const webSocketClient = createClient({
  url: socketUrl,
  keepAlive: PING_INTERVAL_MS,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (attempt) => waitUntilOnline(retryDelayMs(attempt)),
  on: {
    connected: (opened) => {
      socket = opened as WebSocket;
      updateConnection({ socket: 'open', reachable: true });
    },
    closed: () => {
      clearTimeout(pongTimer);
      reconnecting = true;
      forgetFeedStart();
      updateConnection({ socket: 'lost' });
    },
    ping: (received) => {
      if (!received) pongTimer = setTimeout(() => socket?.close(4408, 'no pong'), PONG_TIMEOUT_MS);
    },
    pong: (received) => {
      if (received) clearTimeout(pongTimer);
    },
  },
});

/** Return an exponential delay with 25% jitter, so that tabs do not reconnect all at once. */
export function retryDelayMs(attempt: number, random = Math.random()): number {
  return Math.min(200 * 2 ** attempt, MAX_RETRY_DELAY_MS) * (0.75 + random / 2);
}

/** Wait for the delay, or until the browser reports that it is online again. */
function waitUntilOnline(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      window.removeEventListener('online', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    window.addEventListener('online', finish);
  });
}

/**
 * Follow the browser's own online and offline events. Returns a function that stops following them.
 *
 * Going online restarts the WebSocket, so that the service sends a RESYNC and the page fetches what it missed.
 */
export function watchBrowserConnectivity(): () => void {
  const onOffline = () => updateConnection({ reachable: false });
  const onOnline = () => {
    updateConnection({ reachable: true });
    webSocketClient.terminate();
  };
  if (!navigator.onLine) onOffline();
  window.addEventListener('offline', onOffline);
  window.addEventListener('online', onOnline);
  return () => {
    window.removeEventListener('offline', onOffline);
    window.removeEventListener('online', onOnline);
  };
}
