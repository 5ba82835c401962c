'use client';

import { MessagesGate } from '@/features/language/MessagesGate';
import { PartDialog } from '@/features/lazy-parts/PartDialog';

/** Replaces a page that threw while it rendered. Drafts are stored outside of the components. */
export default function PageError({ reset }: { reset: () => void }) {
  return (
    <MessagesGate fallback={null}>
      <PartDialog kind="page crashed" hidden={false} onRetry={reset} />
    </MessagesGate>
  );
}
