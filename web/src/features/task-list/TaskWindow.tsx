/** A hundred tasks of the list: fetched once the scrolling has settled, reported to the grid, and drawn as far as they are on screen. */
import { skipToken, useQuery } from '@apollo/client/react';
import { useEffect, useLayoutEffect, useState } from 'react';
import { measureKey } from '@/apollo/requestMetricsLink';
import { staleness } from '@/features/tasks/listEvents';
import { hold } from '@/apollo/windowRetention';
import {
  SearchTasksDocument,
  type SearchTasksQueryVariables,
  TaskPageDocument,
  type TaskPageQuery,
  type TaskPageQueryVariables,
} from '@/gql';
import type { View } from './taskView';
import { WINDOW } from './LoadedRows';

export type RowRef = TaskPageQuery['tasks']['nodes'][number];

/** What a window has to say; `total` is undefined where nobody counts. */
export interface WindowReport {
  page: number;
  nodes: RowRef[];
  total?: number;
  endCursor?: string | null;
  measureKey: string;
  refetch: () => Promise<unknown>;
}

export interface WindowProps {
  view: View;
  page: number;
  settled: boolean;
  onReport: (report: WindowReport) => void;
  onGone: (page: number) => void;
  children: (state: { nodes: RowRef[] | undefined; failed: string | undefined; retry: () => void }) => React.ReactNode;
}

export function TaskWindow({ view, page, settled, onReport, onGone, children }: WindowProps) {
  const wanted = useWanted(settled);
  const variables = pageVariables(view, page);
  const { data: now, previousData, error, refetch } = useQuery(TaskPageDocument, wanted ? { variables } : skipToken);
  const data = kept(now, previousData, error !== undefined);
  useRecovery(error !== undefined, refetch);
  useHold(variables);
  useLayoutEffect(() => {
    if (!data) return;
    const { nodes, totalCount } = data.tasks;
    onReport({ page, nodes, total: totalCount, measureKey: measureKey(variables), refetch });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the variables are those of the view and the page
  }, [data, page, refetch, onReport]);
  useEffect(() => () => onGone(page), [page, onGone]);
  return children({
    nodes: data?.tasks.nodes,
    failed: error?.message,
    retry: () => void refetch().catch(() => undefined),
  });
}

export function SearchWindow({
  view,
  page,
  after,
  settled,
  onReport,
  onGone,
  children,
}: WindowProps & { after: string | null }) {
  const wanted = useWanted(settled);
  const variables = searchVariables(view, after);
  const { data: now, previousData, error, refetch } = useQuery(SearchTasksDocument, wanted ? { variables } : skipToken);
  const data = kept(now, previousData, error !== undefined);
  useRecovery(error !== undefined, refetch);
  useHold(variables);
  useLayoutEffect(() => {
    if (!data) return;
    const { nodes, pageInfo } = data.searchTasks;
    const endCursor = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    onReport({ page, nodes, endCursor, measureKey: measureKey(variables), refetch });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the variables are those of the view and the page
  }, [data, page, refetch, onReport]);
  useEffect(() => () => onGone(page), [page, onGone]);
  return children({
    nodes: data?.searchTasks.nodes,
    failed: error?.message,
    retry: () => void refetch().catch(() => undefined),
  });
}

export function pageVariables({ status, order }: View, page: number): TaskPageQueryVariables {
  return { page: page + 1, first: WINDOW, order, status };
}

export function searchVariables({ q }: View, after: string | null): SearchTasksQueryVariables {
  return { query: q, first: WINDOW, after };
}

/** A fetch that failed takes nothing away. */
function kept<T>(now: T | undefined, before: T | undefined, failed: boolean): T | undefined {
  return now ?? (failed ? before : undefined);
}

/** A window that failed comes by itself when the service is there again. */
function useRecovery(failed: boolean, refetch: () => Promise<unknown>): void {
  useEffect(
    () => (failed ? staleness.subscribe(() => void refetch().catch(() => undefined)) : undefined),
    [failed, refetch],
  );
}

/** Once wanted, always: a window that has been asked for is not given up while it is on screen. */
function useWanted(settled: boolean): boolean {
  const [wanted, setWanted] = useState(settled);
  if (settled && !wanted) setWanted(true);
  return wanted || settled;
}

function useHold(variables: Parameters<typeof hold>[0]): void {
  const key = JSON.stringify(variables);
  useEffect(() => hold(JSON.parse(key) as typeof variables), [key]);
}
