import type { TypedDocumentNode } from '@apollo/client';
import { useSubscription } from '@apollo/client/react';
import { useEffect, useRef } from 'react';

const RESTART_DELAY_MS = 1_000;

/**
 * Subscribe, and restart the subscription when the service refuses or ends it.
 *
 * The WebSocket client already resubscribes after a lost connection. This hook covers a subscription that ends while
 * the connection stays open.
 */
export function useResilientSubscription<Data>(
  document: TypedDocumentNode<Data, Record<string, never>>,
  onData: (data: Data) => void,
): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const scheduleRestart = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => restart(), RESTART_DELAY_MS);
  };
  const { restart } = useSubscription(document, {
    fetchPolicy: 'no-cache',
    onData: ({ data: { data } }) => data && onData(data as Data),
    onError: scheduleRestart,
    onComplete: scheduleRestart,
  });
  useEffect(() => () => clearTimeout(timer.current), []);
}
