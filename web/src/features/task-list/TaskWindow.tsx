/**
 * A window of the list: fetches 100 tasks, reports them to the list, and renders the rows that are on screen.
 *
 * The window starts to fetch when the scrolling has settled.
 */
import { skipToken, useQuery } from '@apollo/client/react';
import { type ReactNode, useEffect, useLayoutEffect } from 'react';
import { metricsKey } from '@/apollo/requestMetricsLink';
import { retainWindow, type WindowVariables } from '@/apollo/windowRetention';
import { isUndeclared, rememberUndeclared, shapeOf } from '@/features/facets/undeclaredShapes';
import { listVersion } from '@/features/tasks/listEvents';
import { TaskPageDocument } from '@/gql';
import { useLatch } from '@/ui/useLatch';
import type { View } from './taskView';
import { matchQuery, pageVariables, type TaskRef, type WindowReport } from './windows';

export interface WindowState {
  nodes: TaskRef[] | undefined;
  errorMessage: string | undefined;
  retry: () => void;
}

export interface WindowProps {
  view: View;
  page: number;
  settled: boolean;
  onReport: (report: WindowReport) => void;
  onUnmount: (page: number) => void;
  children: (state: WindowState) => ReactNode;
}

export function TaskWindow({ view, settled, children, ...props }: WindowProps) {
  const variables = pageVariables(view, props.page);
  const { data, previousData, error, refetch } = useQuery(
    TaskPageDocument,
    useLatch(settled) ? { variables } : skipToken,
  );
  // A failed refetch keeps the rows on screen.
  const tasks = (data ?? (error && previousData))?.tasks;
  useWindow({ ...props, variables, nodes: tasks?.nodes, total: tasks?.totalCount, failed: !!error, refetch });
  useEffect(() => void rememberUndeclared(error, shapeOf(view.where)), [error, view.where]);
  // A list without a total takes the place of a view that is not declared.
  const errorMessage = isUndeclared(error) ? undefined : error?.message;
  return children({ nodes: tasks?.nodes, errorMessage, retry: () => void ignoreErrors(refetch()) });
}

/** A window of a search or a filter, which begins after a cursor. */
export function MatchWindow({ view, settled, after, children, ...props }: WindowProps & { after: string | null }) {
  const { query, variables } = matchQuery(view, after);
  // The matches that the cache has may be those of an earlier visit.
  const options = { variables, fetchPolicy: 'cache-and-network' } as const;
  const { data, previousData, error, refetch } = useQuery(query, useLatch(settled) ? options : skipToken);
  // While the times of the filter or the cursor move on, the rows stay on screen.
  const matches = (data ?? previousData)?.matches;
  const endCursor = matches?.pageInfo.hasNextPage ? matches.pageInfo.endCursor : null;
  useWindow({ ...props, variables, nodes: matches?.nodes, endCursor, failed: !!error, refetch });
  return children({ nodes: matches?.nodes, errorMessage: error?.message, retry: () => void ignoreErrors(refetch()) });
}

interface WindowOptions extends Pick<WindowProps, 'page' | 'onReport' | 'onUnmount'> {
  variables: WindowVariables;
  nodes: TaskRef[] | undefined;
  total?: number | undefined;
  endCursor?: string | null;
  failed: boolean;
  refetch: () => Promise<unknown>;
}

function useWindow({
  page,
  variables,
  nodes,
  total,
  endCursor,
  failed,
  refetch,
  onReport,
  onUnmount,
}: WindowOptions): void {
  const key = metricsKey(variables);
  useLayoutEffect(() => {
    if (nodes) onReport({ page, nodes, total, endCursor, metricsKey: key, refetch });
  }, [page, nodes, total, endCursor, key, refetch, onReport]);
  useEffect(() => () => onUnmount(page), [page, onUnmount]);
  useEffect(() => retainWindow(JSON.parse(key) as WindowVariables), [key]);
  // When the connection returns, the list is invalidated, and a failed window retries.
  useEffect(() => (failed ? listVersion.subscribe(() => void ignoreErrors(refetch())) : undefined), [failed, refetch]);
}

/** The query that refetches shows the error, so the caller ignores the error. */
function ignoreErrors(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch(() => undefined);
}
