/** Fetches the figures of a range. The route fetches the first ones while the code of the page is still loaded. */
import type { ApolloClient } from '@apollo/client';
import { client as pageClient } from '@/apollo/client';
import { session, sessionReady } from '@/apollo/session';
import { InsightDocument, type InsightQuery } from '@/gql/insight';
import { DEFAULT_RANGE, parseRange, periodOf } from './period';

export type Figures = InsightQuery['insights'];

export interface Fetched {
  figures?: Figures;
  fetchedAt?: number;
  error?: unknown;
}

interface FirstFigures {
  range: string;
  fetched: Promise<Fetched | undefined>;
}

let first: FirstFigures | undefined;

async function fetchFigures(client: ApolloClient, range: string): Promise<Fetched> {
  const { from, to, resolution } = periodOf(range, Date.now());
  const variables = { range: { from: from.toISOString(), to: to.toISOString() }, resolution };
  try {
    // The cache would merge the same task or operation of different ranges.
    const { data } = await client.query({ query: InsightDocument, variables, fetchPolicy: 'no-cache' });
    return data ? { figures: data.insights, fetchedAt: Date.now() } : {};
  } catch (error) {
    return { error };
  }
}

/** Whether the person may see the figures: an administrator, or everyone if the service has no identity. */
export function maySeeFigures(): boolean {
  const { viewer } = session.get();
  return viewer === null || viewer.scopes.includes('admin');
}

/** Fetch the figures of the range in the URL, for the first `takeFigures`. */
export function startFirstFigures(search: string): void {
  const range = parseRange(new URLSearchParams(search).get('range') ?? '') ?? DEFAULT_RANGE;
  const fetched = sessionReady().then(() => (maySeeFigures() ? fetchFigures(pageClient, range) : undefined));
  first = { range, fetched };
}

/** Return what `startFirstFigures` fetches, once. Fetch again for another range, or if the person may see more by now. */
export async function takeFigures(client: ApolloClient, range: string): Promise<Fetched> {
  const fetched = first?.range === range ? first.fetched : undefined;
  first = undefined;
  return (await fetched) ?? fetchFigures(client, range);
}
