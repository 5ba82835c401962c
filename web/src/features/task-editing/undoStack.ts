/** The changes that the person can undo, and those that were undone and can be redone. The latest of each is last. */
import { createStore } from '@/ui/store';
import { changesSettled } from './pendingChanges';

/** A version of a task that an undo mutation expects. */
interface ExpectedVersion {
  id: string;
  expectedVersion?: number | null;
}

/** Why a change is made. The opposite of an undo can be redone, the opposite of any other change can be undone. */
export type ChangeOrigin = 'change' | 'undo' | 'redo';

/** What a change records about itself: its origin, and what it did in plain words. */
export interface ChangeRecord {
  origin: ChangeOrigin;
  label: string;
  /** The step that an undo or redo takes back. */
  reverted?: UndoStep;
}

export interface UndoStep {
  /** Identifies the step in a list. */
  key: number;
  label: string;
  /** Send the opposite change. When the service answers, that change records the step that takes it back again. */
  revert: (record: ChangeRecord) => Promise<unknown>;
  expected: ExpectedVersion[];
}

interface History {
  done: readonly UndoStep[];
  undone: readonly UndoStep[];
}

const MAX_STEPS = 50;
export const changeHistory = createStore<History>({ done: [], undone: [] });
let recorded = 0;
let lastRevert: Promise<unknown> = Promise.resolve();

/**
 * Record a change. A new one can no longer be followed by a redo of earlier ones.
 *
 * `expected` is the mutable list that `revert` sends, so that `rebaseUndoSteps` can update it.
 */
export function recordChange(
  { origin, label }: ChangeRecord,
  revert: UndoStep['revert'],
  expected: ExpectedVersion[] = [],
): UndoStep {
  const step = { key: (recorded += 1), label, revert, expected };
  changeHistory.set(({ done, undone }) => {
    if (origin === 'undo') return { done, undone: [...undone, step].slice(-MAX_STEPS) };
    return { done: [...done, step].slice(-MAX_STEPS), undone: origin === 'change' ? [] : undone };
  });
  return step;
}

/**
 * Put the step of an undo or redo that changed nothing back into the history, so that it can be tried again.
 *
 * Returns what tries it again: for any other change, this is `again`.
 */
export function keepForRetry(record: ChangeRecord | undefined, again: () => void = () => {}): () => void {
  if (!record?.reverted || record.origin === 'change') return again;
  const { origin, reverted } = record;
  const list = listOf(origin);
  changeHistory.set((current) =>
    current[list].includes(reverted) ? current : { ...current, [list]: [...current[list], reverted].slice(-MAX_STEPS) },
  );
  return () => void runWhenSettled(origin, reverted);
}

function listOf(origin: 'undo' | 'redo'): keyof History {
  return origin === 'undo' ? 'done' : 'undone';
}

/** Make earlier steps expect the version that this tab's own later edit created, so that they do not conflict with it. */
export function rebaseUndoSteps(id: string, fromVersion: number, toVersion: number): void {
  const { done, undone } = changeHistory.get();
  for (const expected of [...done, ...undone].flatMap((step) => step.expected)) {
    if (expected.id === id && expected.expectedVersion === fromVersion) expected.expectedVersion = toVersion;
  }
}

/**
 * Undo this step, or the latest one. Resolves to false if there is nothing to undo.
 *
 * Undos and redos run one after the other, and each starts when no change is in flight: a change records its step, and
 * changes the version that earlier steps must expect, when the service answers.
 */
export function runUndo(step?: UndoStep): Promise<boolean> {
  return runWhenSettled('undo', step);
}

/** Redo the change that was undone last. Resolves to false if there is nothing to redo. */
export function runRedo(): Promise<boolean> {
  return runWhenSettled('redo');
}

/** Undo the latest changes one after the other, up to this one. Stops at a change that cannot be undone. */
export async function undoUpTo(step: UndoStep): Promise<void> {
  while (changeHistory.get().done.includes(step)) {
    const latest = changeHistory.get().done.at(-1);
    const undone = changeHistory.get().undone.length;
    await runUndo(latest);
    if (changeHistory.get().undone.length <= undone) return;
  }
}

/** Redo the changes that were undone, one after the other, up to this one. */
export async function redoUpTo(step: UndoStep): Promise<void> {
  while (changeHistory.get().undone.includes(step)) {
    const done = changeHistory.get().done.length;
    await runRedo();
    if (changeHistory.get().done.length <= done) return;
  }
}

function runWhenSettled(origin: 'undo' | 'redo', step?: UndoStep): Promise<boolean> {
  const revert = lastRevert.then(() => revertWhenSettled(origin, step));
  lastRevert = revert.catch(() => undefined);
  return revert;
}

async function revertWhenSettled(origin: 'undo' | 'redo', wanted?: UndoStep): Promise<boolean> {
  await changesSettled();
  const list = listOf(origin);
  const steps = changeHistory.get()[list];
  const step = wanted ?? steps.at(-1);
  if (!step || !steps.includes(step)) return false;
  changeHistory.set((current) => ({ ...current, [list]: current[list].filter((other) => other !== step) }));
  await step.revert({ origin, label: step.label, reverted: step });
  return true;
}
