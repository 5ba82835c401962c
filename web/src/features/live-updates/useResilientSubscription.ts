/** A subscription that begins anew when it has ended. A lost line comes again by itself; this one was refused, or broke off. */
import type { TypedDocumentNode } from '@apollo/client';
import { useSubscription } from '@apollo/client/react';
import { useEffect, useRef } from 'react';

const AGAIN_MS = 1_000;

export function useLasting<Data>(
  document: TypedDocumentNode<Data, Record<string, never>>,
  onData: (data: Data) => void,
): void {
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const again = () => {
    clearTimeout(waiting.current);
    waiting.current = setTimeout(() => restart(), AGAIN_MS);
  };
  const { restart } = useSubscription(document, {
    fetchPolicy: 'no-cache',
    onData: ({ data: { data } }) => data && onData(data as Data),
    onError: again,
    onComplete: again,
  });
  useEffect(() => () => clearTimeout(waiting.current), []);
}
