/** What a picker offers for a typed text, and which labels a person has ticked. */
import type { LabelChange } from '@/features/tasks/taskLabels';

export interface Choice {
  key: string;
  text: string;
  /** `mixed`: some of the tasks have the value. */
  selected: boolean | 'mixed';
}

/** Return the choices that contain the text, whatever its case and accents. Choices that begin with the text come first. */
export function matchingChoices<C extends Choice>(choices: readonly C[], text: string): C[] {
  const wanted = plain(text);
  const matching = choices.filter((choice) => plain(choice.text).includes(wanted));
  const begins = (choice: C) => plain(choice.text).startsWith(wanted);
  return [...matching.filter(begins), ...matching.filter((choice) => !begins(choice))];
}

function plain(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase().trim();
}

/** For each label that a task has, whether all tasks have it. */
export type LabelStates = ReadonlyMap<string, boolean | 'mixed'>;

/** Return the labels of tasks, in order. */
export function labelStates(tasks: readonly (readonly string[])[]): LabelStates {
  const all = new Set(tasks.flat());
  return new Map([...all].map((label) => [label, tasks.every((labels) => labels.includes(label)) || 'mixed']));
}

/** The labels that a person has ticked or unticked. */
export type Ticks = ReadonlyMap<string, boolean>;

/** Tick or untick a label. The ticks of a label that some tasks have go from mixed to on, off and mixed. */
export function toggleLabel(initial: LabelStates, ticks: Ticks, label: string): Ticks {
  const before = initial.get(label) ?? false;
  const next = new Map(ticks);
  const state = ticks.get(label) ?? before;
  const target = state === 'mixed' ? true : state || before !== 'mixed' ? !state : before;
  if (target === before || target === 'mixed') next.delete(label);
  else next.set(label, target);
  return next;
}

/** Return the change that the ticks stand for. */
export function labelChange(ticks: Ticks): LabelChange {
  const labels = [...ticks];
  return {
    add: labels.flatMap(([label, ticked]) => (ticked ? [label] : [])),
    remove: labels.flatMap(([label, ticked]) => (ticked ? [] : [label])),
  };
}
