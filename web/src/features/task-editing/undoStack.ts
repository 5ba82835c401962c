/** The stack of changes that the person can undo. The latest change is last. */
import { changesSettled } from './pendingChanges';

/** A version of a task that an undo mutation expects. */
interface ExpectedVersion {
  id: string;
  expectedVersion?: number | null;
}

export interface UndoStep {
  undo: () => Promise<unknown>;
  expected: ExpectedVersion[];
}

const MAX_STEPS = 50;
const steps: UndoStep[] = [];
let lastUndo: Promise<unknown> = Promise.resolve();

/** Push a step. `expected` is the mutable list that `undo` sends, so that `rebaseUndoSteps` can update it. */
export function pushUndoStep(undo: UndoStep['undo'], expected: ExpectedVersion[] = []): UndoStep {
  const step = { undo, expected };
  steps.push(step);
  if (steps.length > MAX_STEPS) steps.shift();
  return step;
}

/** Make earlier steps expect the version that this tab's own later edit created, so that they do not conflict with it. */
export function rebaseUndoSteps(id: string, fromVersion: number, toVersion: number): void {
  for (const expected of steps.flatMap((step) => step.expected)) {
    if (expected.id === id && expected.expectedVersion === fromVersion) expected.expectedVersion = toVersion;
  }
}

/**
 * Undo this step, or the latest one. Resolves to false if there is nothing to undo.
 *
 * Undos run one after the other, and each starts when no change is in flight: a change pushes its step, and changes
 * the version that earlier steps must expect, when the service answers.
 */
export function runUndo(step?: UndoStep): Promise<boolean> {
  const undo = lastUndo.then(() => undoWhenSettled(step));
  lastUndo = undo.catch(() => undefined);
  return undo;
}

async function undoWhenSettled(wanted?: UndoStep): Promise<boolean> {
  await changesSettled();
  const step = wanted ?? steps.at(-1);
  const index = step ? steps.lastIndexOf(step) : -1;
  if (!step || index < 0) return false;
  steps.splice(index, 1);
  await step.undo();
  return true;
}
