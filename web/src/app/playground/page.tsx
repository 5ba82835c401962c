'use client';

import { SessionGate } from '@/features/identity/SessionGate';
import { MessagesGate } from '@/features/language/MessagesGate';
import { lazyPart } from '@/features/lazy-parts/lazyPart';

/** GraphiQL needs a browser and is large, so it is loaded on this page only and not rendered during the build. */
const Playground = lazyPart({ importPart: () => import('./Playground').then((module) => module.default) });

export default function Page() {
  return (
    <>
      <title>GraphQL – Millitask</title>
      <MessagesGate fallback={null}>
        <SessionGate fallback={null}>
          <Playground />
        </SessionGate>
      </MessagesGate>
    </>
  );
}
