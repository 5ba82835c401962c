/** Whether the sidebar is shown beside the list. On a narrow screen it opens above the page instead. */
import { useSyncExternalStore } from 'react';
import { safeLocalStorage } from '@/ui/safeStorage';
import { createStore, useStore } from '@/ui/store';

const KEY = 'millitask.sidebar';
const HIDDEN = 'hidden';
const WIDE = '(min-width: 64em)';

const shown = createStore(typeof window === 'undefined' || safeLocalStorage().getItem(KEY) !== HIDDEN);

export function showSidebar(show: boolean): void {
  shown.set(show);
  try {
    if (show) safeLocalStorage().removeItem(KEY);
    else safeLocalStorage().setItem(KEY, HIDDEN);
  } catch {
    // The storage is full. The next visit shows the sidebar.
  }
}

/** `beside`: whether there is room beside the list. */
export function useSidebar(): { shown: boolean; beside: boolean } {
  return { shown: useStore(shown), beside: useSyncExternalStore(onWidthChange, isWide, () => true) };
}

function isWide(): boolean {
  return window.matchMedia(WIDE).matches;
}

function onWidthChange(listener: () => void): () => void {
  const query = window.matchMedia(WIDE);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}
