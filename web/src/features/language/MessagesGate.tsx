'use client';

/** Shows the page once the texts of its language are loaded. The exported HTML contains the fallback. */
import { type ReactNode, useSyncExternalStore } from 'react';
import { language } from '@/ui/language';
import { loadMessages } from '@/ui/messages';
import { createStore } from '@/ui/store';

const loaded = createStore(false);

if (typeof window !== 'undefined') {
  void loadMessages(language).then((actual) => {
    document.documentElement.lang = actual;
    loaded.set(true);
  });
}

interface Props {
  fallback: ReactNode;
  children: ReactNode;
}

export function MessagesGate({ fallback, children }: Props) {
  // The first render must have the content of the exported HTML.
  const ready = useSyncExternalStore(loaded.subscribe, loaded.get, () => false);
  return ready ? children : fallback;
}
