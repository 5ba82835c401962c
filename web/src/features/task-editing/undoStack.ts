/** The stack of changes that the person can undo. The latest change is last. */
import { updatesSettled } from './pendingUpdates';

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
/** Steps whose undo waits for an update in flight. */
const waitingSteps = new Set<UndoStep>();

/** Push a step. `expected` is the mutable list that `undo` sends, so that `rebaseUndoSteps` can update it. */
export function pushUndoStep(undo: UndoStep['undo'], expected: ExpectedVersion[] = []): UndoStep {
  const step = { undo, expected };
  steps.push(step);
  if (steps.length > MAX_STEPS) steps.shift();
  return step;
}

/** Make earlier steps expect the version that this tab's own later edit created, so that they do not conflict with it. */
export function rebaseUndoSteps(id: string, fromVersion: number, toVersion: number): void {
  for (const expected of [...steps, ...waitingSteps].flatMap((step) => step.expected)) {
    if (expected.id === id && expected.expectedVersion === fromVersion) expected.expectedVersion = toVersion;
  }
}

/**
 * Undo this step, or the latest one. Returns false if there is nothing to undo.
 *
 * The undo starts when no update is in flight, because an update changes the version that the undo must expect.
 */
export function runUndo(step = steps.at(-1)): boolean {
  const index = step ? steps.lastIndexOf(step) : -1;
  if (!step || index < 0) return false;
  steps.splice(index, 1);
  waitingSteps.add(step);
  void updatesSettled().then(() => {
    waitingSteps.delete(step);
    return step.undo();
  });
  return true;
}
