/** What the cache did for the page on screen: its first fetch beside its latest. */
import { Button, CloseButton, Table, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { type Measure, measures } from '@/apollo/requestMetricsLink';
import { useStore } from '@/ui/store';
import { count } from '@/ui/format';
import styles from './InsightPanel.module.css';
import { sum } from './sumMetrics';

interface Props {
  keys: string[];
  onClose: () => void;
  onRefetch: () => void;
}

const LINES: { name: string; value: (measure: Measure) => string | undefined }[] = [
  { name: 'Found in the cache', value: ({ cache }) => cache && count(cache.hits) },
  { name: 'Missed', value: ({ cache }) => cache && count(cache.misses) },
  { name: 'SQL queries', value: ({ cache }) => cache && count(cache.sqlQueries) },
  { name: 'Redis round trips', value: ({ cache }) => cache && count(cache.redisRoundTrips) },
  { name: 'Server', value: ({ cache }) => cache && `${cache.serverMs.toFixed(1)} ms` },
  { name: 'Until it was here', value: ({ clientMs }) => `${clientMs.toFixed(0)} ms` },
  { name: 'Cost', value: ({ cost }) => (cost === undefined ? undefined : count(cost)) },
  { name: 'Degraded', value: ({ cache }) => cache && (cache.degraded ? 'yes' : 'no') },
];

export function Insight({ keys, onClose, onRefetch }: Props) {
  const { first, latest, again } = sum(keys, useStore(measures));
  const panel = useRef<HTMLElement>(null);
  const before = useRef<Element>(null);
  useEffect(() => {
    before.current = document.activeElement;
    panel.current?.focus();
    return () => (before.current as HTMLElement | null)?.focus();
  }, []);
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      className={styles.panel}
      aria-labelledby="insight-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault(); // nobody else's: the selection stays
        onClose();
      }}
    >
      <div className={styles.head}>
        <Title order={2} size="h5" id="insight-title">
          Insight
        </Title>
        <CloseButton aria-label="Close insight" onClick={onClose} />
      </div>
      <Text size="xs" c="dimmed">
        The {keys.length === 1 ? 'window of 100 tasks' : `${keys.length} windows of 100 tasks`} on screen.
      </Text>
      <Table className={styles.table} verticalSpacing={6} horizontalSpacing={0}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className={styles.hidden}>Measure</span>
            </Table.Th>
            <Table.Th>First fetch</Table.Th>
            <Table.Th>Again</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {LINES.map(({ name, value }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td>{(first && value(first)) ?? '–'}</Table.Td>
              <Table.Td>{(again && value(again)) ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Button size="xs" variant="default" fullWidth onClick={onRefetch}>
        Fetch again
      </Button>
      <Text size="xs" c="dimmed">
        {latest && !latest.cache
          ? 'The service does not tell what a request costs (MILLITASK_TRACE).'
          : 'A page takes two round trips to Redis, and one query for those of its tasks that are not in the cache, be it the first page or the last.'}
      </Text>
    </aside>
  );
}
