/** Pure operations on the set of selected ids, and on the rows of a range. */

/** The largest number of tasks that one mutation accepts. */
export const MAX_SELECTED = 1_000;

type Ids = ReadonlySet<string>;

export function toggleId(selected: Ids, id: string): Ids {
  const next = new Set(selected);
  if (!next.delete(id)) next.add(id);
  return next;
}

export function addIds(selected: Ids, ids: string[]): Ids {
  return new Set([...selected, ...ids]);
}

export function removeIds(selected: Ids, ids: string[]): Ids {
  if (!ids.some((id) => selected.has(id))) return selected;
  const removed = new Set(ids);
  return new Set([...selected].filter((id) => !removed.has(id)));
}

/** Return the rows between two rows, both included, or undefined if they are more than can be selected. */
export function rowRange(pivot: number, row: number): { first: number; last: number } | undefined {
  const [first, last] = pivot < row ? [pivot, row] : [row, pivot];
  return last - first >= MAX_SELECTED ? undefined : { first, last };
}
