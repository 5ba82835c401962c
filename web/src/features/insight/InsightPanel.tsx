/** Shows the cost of the windows on screen: the first fetch next to the latest fetch. */
import { Button, CloseButton, Table, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { type RequestMetrics, windowMetrics } from '@/apollo/requestMetricsLink';
import { formatCount } from '@/ui/format';
import { useStore } from '@/ui/store';
import utilities from '@/ui/utilities.module.css';
import styles from './InsightPanel.module.css';
import { sumMetrics } from './sumMetrics';

interface Props {
  /** The keys of the windows on screen. */
  metricsKeys: string[];
  onClose: () => void;
  onRefetch: () => void;
}

const METRICS: { label: string; format: (metrics: RequestMetrics) => string | undefined }[] = [
  { label: 'Cache hits', format: ({ cache }) => cache && formatCount(cache.hits) },
  { label: 'Cache misses', format: ({ cache }) => cache && formatCount(cache.misses) },
  { label: 'SQL queries', format: ({ cache }) => cache && formatCount(cache.sqlQueries) },
  { label: 'Redis round trips', format: ({ cache }) => cache && formatCount(cache.redisRoundTrips) },
  { label: 'Server time', format: ({ cache }) => cache && `${cache.serverMs.toFixed(1)} ms` },
  { label: 'Response time', format: ({ clientMs }) => `${clientMs.toFixed(0)} ms` },
  { label: 'Query cost', format: ({ cost }) => (cost === undefined ? undefined : formatCount(cost)) },
  { label: 'Degraded', format: ({ cache }) => cache && (cache.degraded ? 'Yes' : 'No') },
];
const NO_METRICS_HINT = 'The service does not report request metrics. Set MILLITASK_TRACE=true to enable them.';
const COST_HINT =
  'Any page, first or last, takes two Redis round trips, plus one SQL query if some of its tasks are not cached.';

export function InsightPanel({ metricsKeys, onClose, onRefetch }: Props) {
  const { first, latest, refetch } = sumMetrics(metricsKeys, useStore(windowMetrics));
  const panel = useRef<HTMLElement>(null);
  const previousFocus = useRef<Element>(null);
  useEffect(() => {
    previousFocus.current = document.activeElement;
    panel.current?.focus();
    return () => (previousFocus.current as HTMLElement | null)?.focus();
  }, []);
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      className={styles.panel}
      aria-labelledby="insight-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault(); // Escape must not also clear the selection of the list.
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
        {metricsKeys.length === 1 ? '1 window' : `${metricsKeys.length} windows`} of 100 tasks on screen.
      </Text>
      <Table className={styles.table} verticalSpacing={6} horizontalSpacing={0}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className={utilities.visuallyHidden}>Metric</span>
            </Table.Th>
            <Table.Th>First fetch</Table.Th>
            <Table.Th>Refetch</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {METRICS.map(({ label, format }) => (
            <Table.Tr key={label}>
              <Table.Th scope="row">{label}</Table.Th>
              <Table.Td>{(first && format(first)) ?? '–'}</Table.Td>
              <Table.Td>{(refetch && format(refetch)) ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Button size="xs" variant="default" fullWidth onClick={onRefetch}>
        Refetch
      </Button>
      <Text size="xs" c="dimmed">
        {latest && !latest.cache ? NO_METRICS_HINT : COST_HINT}
      </Text>
    </aside>
  );
}
