/** The labels of tasks: their colours, and how a change adds and removes them. */

/** Neighbouring colours differ enough to be told apart. */
const HUES = 12;

/** Return the hue of a text in degrees. The same text has the same hue everywhere and always. */
export function hueOf(text: string): number {
  let hash = 2_166_136_261; // FNV-1a
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  // The low bits of the product depend on the end of the text alone.
  return (((hash >>> 16) ^ (hash & 0xffff)) % HUES) * (360 / HUES);
}

/** Labels to add to tasks, and labels to remove from them. */
export interface LabelChange {
  add: readonly string[];
  remove: readonly string[];
}

/** Return the labels after a change: first the kept labels in their order, then the added ones. */
export function changeLabels(labels: readonly string[], { add, remove }: LabelChange): string[] {
  return [...labels.filter((label) => !remove.includes(label)), ...add.filter((label) => !labels.includes(label))];
}
