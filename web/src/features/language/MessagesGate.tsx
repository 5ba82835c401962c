'use client';

/** Shows the page once the texts of its language are loaded, which are the English ones from the start. */
import { useSearchParams } from 'next/navigation';
import { type ReactNode, Suspense, useDeferredValue, useSyncExternalStore } from 'react';
import { language } from '@/ui/language';
import { loadMessages } from '@/ui/messages';
import { createStore } from '@/ui/store';

const loaded = createStore(language === 'en');

if (!loaded.get()) {
  void loadMessages(language).then((actual) => {
    document.documentElement.lang = actual;
    loaded.set(true);
  });
}

interface Props {
  /** What the exported HTML contains. */
  fallback: ReactNode;
  children: ReactNode;
}

export function MessagesGate({ fallback, children }: Props) {
  return (
    <Suspense fallback={fallback}>
      <LoadedMessages fallback={fallback}>{children}</LoadedMessages>
    </Suspense>
  );
}

function LoadedMessages({ fallback, children }: Props) {
  // The export cannot know the URL and stops here. So the browser renders the page at once instead of hydrating the
  // fallback first. Keys that a person presses before that are kept, see `earlyKeys`.
  useSearchParams();
  const ready = useSyncExternalStore(loaded.subscribe, loaded.get, loaded.get);
  // A deferred render lets the browser react in between. The page is too large to render at once on a phone.
  return useDeferredValue(ready, false) ? children : fallback;
}
