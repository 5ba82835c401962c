/** Where the list stands, the way to any page, the connection, and what the page cost. */
import { connection, connectionState, type ConnectionState } from '@/apollo/connection';
import { measures } from '@/apollo/requestMetricsLink';
import { useStore } from '@/ui/store';
import type { GridPlace } from '@/features/task-list/TaskGrid';
import { WINDOW } from '@/features/task-list/LoadedRows';
import { sum } from '@/features/insight/sumMetrics';
import { Icon } from '@/ui/icons';
import styles from './TasksPage.module.css';
import type { Commands } from './TasksPage';
import { count } from '@/ui/format';

const STATES: Record<ConnectionState, string> = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
};

interface Props {
  place: GridPlace;
  goTo: React.RefObject<HTMLInputElement | null>;
  commands: Commands;
  insight: boolean;
}

export function StatusBar({ place, goTo, commands, insight }: Props) {
  const state = connectionState(useStore(connection));
  return (
    <footer className={styles.bar}>
      <span className={styles.connection} data-state={state} data-testid="connection" role="status">
        <span className={styles.dot} />
        {STATES[state]}
      </span>
      <span className={styles.place}>
        {place.counted && place.total > 0 && (
          <>
            <span className={styles.deskOnly}>Row </span>
            {count(place.row + 1)} of {count(place.total)}
          </>
        )}
      </span>
      <GoTo place={place} input={goTo} commands={commands} />
      <button type="button" className={styles.insight} aria-expanded={insight} onClick={() => commands.show('insight')}>
        <Icon name="gauge" />
        <Glance keys={place.measureKeys} />
      </button>
    </footer>
  );
}

function Glance({ keys }: { keys: string[] }) {
  const all = useStore(measures);
  const { latest } = sum(keys, all);
  const cache = latest?.cache;
  return (
    <span>
      Insight
      {cache && (
        <span className={styles.deskOnly}>
          {' · '}
          {cache.misses === 0 ? 'all from cache' : `${cache.misses} of ${cache.hits + cache.misses} from the database`}
          {' · '}
          {cache.serverMs.toFixed(1)} ms
        </span>
      )}
    </span>
  );
}

function GoTo({ place, input, commands }: { place: GridPlace; input: Props['goTo']; commands: Commands }) {
  if (!place.counted) return <span />;
  const pages = Math.max(Math.ceil(place.total / WINDOW), 1);
  const now = Math.floor(place.row / WINDOW) + 1;
  const go = (event: React.SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const page = Number(new FormData(event.currentTarget).get('page'));
    if (!Number.isInteger(page) || page < 1) return;
    commands.grid.current?.goToRow((Math.min(page, pages) - 1) * WINDOW);
  };
  return (
    <form onSubmit={go} className={styles.goTo}>
      <label>
        <span className={styles.deskOnly}>Go to page</span>
        <span className={styles.hiddenText}> of {count(pages)}</span>
        <input
          key={now}
          ref={input}
          name="page"
          type="number"
          inputMode="numeric"
          min={1}
          max={pages}
          defaultValue={now}
          onFocus={(event) => event.target.select()}
          onKeyDown={(event) => event.key === 'Escape' && commands.grid.current?.focus()}
        />
      </label>
      <span aria-hidden="true">/ {count(pages)}</span>
    </form>
  );
}
