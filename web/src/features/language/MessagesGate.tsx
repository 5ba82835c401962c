'use client';

/** Shows the page once the texts of its language are loaded. The exported HTML contains the fallback. */
import { type ReactNode, useSyncExternalStore } from 'react';
import { createPartLoader } from '@/features/lazy-parts/partLoader';
import { reloadPage } from '@/features/page-build/reloadPage';
import { language } from '@/ui/language';
import { loadMessages } from '@/ui/messages';
import styles from './MessagesGate.module.css';

const loader = createPartLoader(() => loadMessages(language));

if (typeof window !== 'undefined') {
  document.documentElement.lang = language;
  void loader.load();
}

interface Props {
  fallback: ReactNode;
  children: ReactNode;
}

export function MessagesGate({ fallback, children }: Props) {
  const { state } = loader;
  const status = useSyncExternalStore(
    state.subscribe,
    () => state.get().status,
    () => 'unloaded' as const,
  );
  if (status === 'loaded') return children;
  return (
    <>
      {fallback}
      {status === 'failed' && <LoadFailure />}
    </>
  );
}

/** In every language, because no catalogue is loaded. */
function LoadFailure() {
  return (
    <div role="alert" className={styles.failure}>
      <p lang="en">The page could not be loaded.</p>
      <p lang="de">Die Seite konnte nicht geladen werden.</p>
      <button type="button" onClick={() => void reloadPage()}>
        <span lang="en">Reload</span> / <span lang="de">Neu laden</span>
      </button>
    </div>
  );
}
