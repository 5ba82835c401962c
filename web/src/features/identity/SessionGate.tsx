'use client';

/** Shows the page to those who may use it, and to others the form to sign in. */
import type { ReactNode } from 'react';
import { isExpectingSession, session } from '@/apollo/session';
import { useStore } from '@/ui/store';
import { SignInView } from './parts';

interface Props {
  /** Shown until the service has said who is signed in, if it required identity at the last visit. */
  fallback: ReactNode;
  children: ReactNode;
}

export function SessionGate({ fallback, children }: Props) {
  const { status, viewer } = useStore(session);
  if (status === 'signedOut' && viewer === null) return <SignInView />;
  return isExpectingSession() ? fallback : children;
}
