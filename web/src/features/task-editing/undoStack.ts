/** What can be taken back, the latest first: by Ctrl/⌘ Z, or by the button of its message. */

/** A version of a task that a step begins with. */
interface Base {
  id: string;
  expectedVersion?: number | null;
}

export interface Step {
  undo: () => Promise<unknown>;
  bases: Base[];
}

const MOST = 50;
const steps: Step[] = [];

/** `bases`: what `undo` sends, read when it is called. */
export function pushStep(undo: Step['undo'], bases: Base[] = []): Step {
  const step = { undo, bases };
  steps.push(step);
  if (steps.length > MOST) steps.shift();
  return step;
}

/** A change of our own is no reason for a conflict: what is taken back later begins with the version that it made. */
export function rebaseSteps(id: string, from: number, to: number): void {
  for (const base of steps.flatMap(({ bases }) => bases)) {
    if (base.id === id && base.expectedVersion === from) base.expectedVersion = to;
  }
}

/** Takes back this step, or the latest; false if there is none. */
export function takeBack(step = steps.at(-1)): boolean {
  const at = step ? steps.lastIndexOf(step) : -1;
  if (!step || at < 0) return false;
  steps.splice(at, 1);
  void step.undo();
  return true;
}
