/** What can be taken back, the latest first: by Ctrl/⌘ Z, or by the button of its message. */

export interface Step {
  undo: () => Promise<unknown>;
}

const MOST = 50;
const steps: Step[] = [];

export function pushStep(undo: Step['undo']): Step {
  const step = { undo };
  steps.push(step);
  if (steps.length > MOST) steps.shift();
  return step;
}

/** Takes back this step, or the latest; false if there is none. */
export function takeBack(step = steps.at(-1)): boolean {
  const at = step ? steps.lastIndexOf(step) : -1;
  if (!step || at < 0) return false;
  steps.splice(at, 1);
  void step.undo();
  return true;
}
