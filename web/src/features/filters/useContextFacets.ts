import { type Facet, useFacets } from '@/features/facets/useFacets';
import type { FacetDimension, TaskStatus } from '@/gql';
import { type Conditions, type ValueCondition, valuesOf } from './conditions';

const DIMENSIONS: Record<ValueCondition | 'priority', FacetDimension> = {
  list: 'LIST',
  assignee: 'ASSIGNEE',
  label: 'LABEL',
  priority: 'PRIORITY',
};

interface ContextFacets {
  facets: readonly Facet[] | undefined;
  /** Whether the numbers count all tasks, because the service does not count the combination with the other conditions. */
  ofAll: boolean;
}

/** Return the values of a field among the tasks that meet the other conditions, or else among all tasks. */
export function useContextFacets(
  name: ValueCondition | 'priority',
  conditions: Conditions,
  status: TaskStatus | null,
): ContextFacets {
  const by = DIMENSIONS[name];
  const where = valuesOf({ ...conditions, [name]: null }, status);
  const inContext = useFacets(where ? { by, where } : null);
  const ofAll = !where || inContext.undeclared;
  const all = useFacets(ofAll ? { by, where: null } : null);
  return { facets: ofAll ? all.facets : inContext.facets, ofAll: ofAll && all.facets !== undefined };
}
