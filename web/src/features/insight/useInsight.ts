/** Fetches the figures of a range, again every minute while the tab is visible, and when the connection returns. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useState } from 'react';
import { connection } from '@/apollo/connection';
import { useStore } from '@/ui/store';
import { type Fetched, type Figures, takeFigures } from './fetchFigures';

const INTERVAL_MS = 60_000;

export type { Figures } from './fetchFigures';

export interface Insight {
  /** The latest figures, which may be those of another range while this one is fetched. */
  figures: Figures | undefined;
  /** When they were fetched. */
  fetchedAt: number | undefined;
  error: unknown;
  loading: boolean;
  refresh: () => void;
}

interface State extends Fetched {
  range?: string;
  loading: boolean;
}

export function useInsight(range: string): Insight {
  const client = useApolloClient();
  const [state, setState] = useState<State>({ loading: true });
  const [round, setRound] = useState(0);
  const refresh = useCallback(() => setRound((current) => current + 1), []);
  const { reachable } = useStore(connection);
  useEffect(() => {
    let current = true;
    void takeFigures(client, range).then((next) => {
      if (current) setState((previous) => ({ ...previous, error: undefined, ...next, range, loading: false }));
    });
    return () => {
      current = false;
    };
  }, [client, range, round, reachable]);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && refresh(), INTERVAL_MS);
    return () => clearInterval(timer);
  }, [refresh]);
  const start = () => {
    setState((previous) => ({ ...previous, loading: true }));
    refresh();
  };
  const { figures, fetchedAt, error } = state;
  return { figures, fetchedAt, error, loading: state.loading || state.range !== range, refresh: start };
}
