import { useSyncExternalStore } from 'react';

/** A part of a minute, so that what shows minutes is never late by more. */
const STEP_MS = 10_000;

/** Return the current time, rounded down to ten seconds. The component renders again when it changes. */
export function useNow(): Date {
  return new Date(useSyncExternalStore(subscribe, currentStep, currentStep));
}

function subscribe(listener: () => void): () => void {
  const timer = setInterval(listener, STEP_MS);
  return () => clearInterval(timer);
}

function currentStep(): number {
  return Math.floor(Date.now() / STEP_MS) * STEP_MS;
}
