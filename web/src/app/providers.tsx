'use client';

/** The providers of every page: the theme, the state in the URL, and the Apollo client. */
import { ApolloProvider } from '@apollo/client/react';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import type { ReactNode } from 'react';
import { client } from '@/apollo/client';
import { shieldCompositionKeys } from '@/ui/compositionKeys';
import { routeEscapeKey } from '@/ui/escapeKey';
import { theme } from '@/ui/theme';

// Before React renders, so that no listener of a component comes first.
shieldCompositionKeys();
routeEscapeKey();

export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" limit={4} />
      <ApolloProvider client={client}>
        <NuqsAdapter>{children}</NuqsAdapter>
      </ApolloProvider>
    </MantineProvider>
  );
}
