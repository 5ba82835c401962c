/** The combinations of conditions that the service has not declared. It lists such tasks with `filterTasks`, without a total. */
import { refusalOfError } from '@/apollo/refusal';
import type { FacetDimension, TaskWhere } from '@/gql';
import { createStore } from '@/ui/store';

export const undeclaredShapes = createStore<ReadonlySet<string>>(new Set());

/** Return the name of the combination: `list+status`. `by` is the dimension that is counted. */
export function shapeOf(where: TaskWhere | null, by?: FacetDimension): string {
  const fixed = Object.entries(where ?? {}).flatMap(([name, value]) => (value === null ? [] : [name]));
  return [...new Set([...fixed, ...(by ? [by.toLowerCase()] : [])])].sort().join('+');
}

/** Remember a combination that the service has refused. Returns whether that was the reason of the error. */
export function rememberUndeclared(error: unknown, shape: string): boolean {
  if (!isUndeclared(error)) return false;
  undeclaredShapes.set((known) => (known.has(shape) ? known : new Set([...known, shape])));
  return true;
}

export function isUndeclared(error: unknown): boolean {
  return refusalOfError(error).code === 'VIEW_NOT_DECLARED';
}
