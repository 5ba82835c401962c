'use client';

import { SessionGate } from '@/features/identity/SessionGate';
import { InsightSkeleton } from '@/features/insight/InsightSkeleton';
import { InsightPage } from '@/features/insight/parts';
import { MessagesGate } from '@/features/language/MessagesGate';

export default function Page() {
  return (
    <>
      <title>Insight – Millitask</title>
      <MessagesGate fallback={<InsightSkeleton />}>
        <SessionGate fallback={<InsightSkeleton />}>
          <InsightPage />
        </SessionGate>
      </MessagesGate>
    </>
  );
}
