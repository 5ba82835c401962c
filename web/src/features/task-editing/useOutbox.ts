import { useApolloClient } from '@apollo/client/react';
import { useEffect } from 'react';
import { watchTyping } from '@/ui/typing';
import { startOutbox } from './outbox';
import { warnAboutUnsavedChanges } from './unsavedChanges';

/** Send unsaved text while the page is open, and warn before it is closed too early. */
export function useOutbox(): void {
  const client = useApolloClient();
  useEffect(() => startOutbox(client), [client]);
  useEffect(warnAboutUnsavedChanges, []);
  useEffect(() => watchTyping(), []);
}
