'use client';

/** The providers of every page: the theme, the state in the URL, and the Apollo client. */
import { ApolloProvider } from '@apollo/client/react';
import { MantineProvider } from '@mantine/core';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useEffect } from 'react';
import { client } from '@/apollo/client';
import { startSession } from '@/apollo/session';
import { lazyPart } from '@/features/lazy-parts/lazyPart';
import { shieldCompositionKeys } from '@/ui/compositionKeys';
import { routeEscapeKey } from '@/ui/escapeKey';
import { afterStart } from '@/ui/afterStart';
import { useStore } from '@/ui/store';
import { theme } from '@/ui/theme';
import { messagesNeeded } from '@/ui/toast';
import { startTypeAhead } from '@/ui/typeAhead';
import { countUserActions } from '@/ui/userActions';

if (typeof window !== 'undefined') startSession();
// Before React renders, so that no listener of a component comes first.
countUserActions();
shieldCompositionKeys();
routeEscapeKey();
startTypeAhead();

/** Shows the messages of `ui/toast`, away from forms. Those that come before its code is loaded appear then. */
const Messages = lazyPart({
  importPart: async () => (await import('@mantine/notifications')).Notifications,
  isOpen: () => false,
});

export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <LaterMessages />
      <ApolloProvider client={client}>
        <NuqsAdapter>{children}</NuqsAdapter>
      </ApolloProvider>
    </MantineProvider>
  );
}

function LaterMessages() {
  useEffect(() => afterStart(() => messagesNeeded.set(true)), []);
  return useStore(messagesNeeded) ? <Messages position="bottom-left" limit={4} /> : null;
}
