/** A window is a run of 100 consecutive tasks of the list, which is fetched and cached as a whole. */
import type { TypedDocumentNode } from '@apollo/client';
import { parseQuery } from '@/features/search/searchQuery';
import {
  FilterTasksDocument,
  type FilterTasksQuery,
  type FilterTasksQueryVariables,
  SearchTasksDocument,
  type SearchTasksQuery,
  type SearchTasksQueryVariables,
  type TaskPageQuery,
  type TaskPageQueryVariables,
} from '@/gql';
import type { View } from './taskView';

export const WINDOW_SIZE = 100;

export type TaskRef = TaskPageQuery['tasks']['nodes'][number];

/** The data that a window reports to the list once the window is loaded. */
export interface WindowReport {
  page: number;
  nodes: TaskRef[];
  /** The number of tasks in the list. A search or a filter does not report it. */
  total?: number | undefined;
  /** Only in a search or a filter: where the next window begins, or null after the last one. */
  endCursor?: string | null | undefined;
  metricsKey: string;
  refetch: () => Promise<unknown>;
}

export function pageOfRow(row: number): number {
  return Math.floor(row / WINDOW_SIZE);
}

/** Return the pages that contain the rows from `first` to `last`. */
export function pagesOfRows(first: number, last: number): number[] {
  const firstPage = pageOfRow(first);
  return Array.from({ length: pageOfRow(last) - firstPage + 1 }, (_, i) => firstPage + i);
}

/** `page` counts from 0; the API counts from 1. */
export function pageVariables(
  { status, order, where }: Pick<View, 'status' | 'order' | 'where'>,
  page: number,
): TaskPageQueryVariables {
  return { page: page + 1, first: WINDOW_SIZE, order, ...listArguments({ status, where }) };
}

/** Return the arguments that choose the tasks of a list. `where` contains the status too. */
export function listArguments({ status, where }: Pick<View, 'status' | 'where'>) {
  return { status: where ? null : status, where };
}

type MatchVariables = SearchTasksQueryVariables | FilterTasksQueryVariables;

/** A query for a window of a search or a filter. Both return their tasks in the same form. */
export interface MatchQuery {
  query: TypedDocumentNode<SearchTasksQuery & FilterTasksQuery, MatchVariables>;
  variables: MatchVariables;
}

export function matchQuery(view: Pick<View, 'q' | 'status' | 'filter'>, after: string | null): MatchQuery {
  return view.q
    ? { query: SearchTasksDocument as MatchQuery['query'], variables: searchVariables(view, after) }
    : {
        query: FilterTasksDocument as MatchQuery['query'],
        variables: { filter: view.filter ?? {}, first: WINDOW_SIZE, after },
      };
}

export function searchVariables(
  { q, status }: Pick<View, 'q' | 'status'>,
  after: string | null,
): SearchTasksQueryVariables {
  return { query: parseQuery(q).text, first: WINDOW_SIZE, after, status };
}

/** Cut the range out of each window by itself, because a window may be shorter than 100 rows while it is refetched. */
export function sliceRange(windows: string[][], first: number, last: number): string[] {
  const firstPage = pageOfRow(first);
  return windows.flatMap((ids, i) => {
    const start = (firstPage + i) * WINDOW_SIZE;
    return ids.slice(Math.max(first - start, 0), last - start + 1);
  });
}
