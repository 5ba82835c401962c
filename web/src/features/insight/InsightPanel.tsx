/** Shows the cost of the windows on screen: the first fetch next to the latest fetch. */
import { Button, CloseButton, Table, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { type RequestMetrics, windowMetrics } from '@/apollo/requestMetricsLink';
import { formatCount, formatMilliseconds } from '@/ui/format';
import { t } from '@/ui/messages';
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

const metrics = (): { label: string; format: (metrics: RequestMetrics) => string | undefined }[] => [
  { label: t('insight.cacheHits'), format: ({ cache }) => cache && formatCount(cache.hits) },
  { label: t('insight.cacheMisses'), format: ({ cache }) => cache && formatCount(cache.misses) },
  { label: t('insight.sqlQueries'), format: ({ cache }) => cache && formatCount(cache.sqlQueries) },
  { label: t('insight.redisRoundTrips'), format: ({ cache }) => cache && formatCount(cache.redisRoundTrips) },
  { label: t('insight.serverTime'), format: ({ cache }) => cache && formatMilliseconds(cache.serverMs, 1) },
  { label: t('insight.responseTime'), format: ({ clientMs }) => formatMilliseconds(clientMs, 0) },
  { label: t('insight.queryCost'), format: ({ cost }) => (cost === undefined ? undefined : formatCount(cost)) },
  {
    label: t('insight.degraded'),
    format: ({ cache }) => cache && (cache.degraded ? t('insight.yes') : t('insight.no')),
  },
];

const UNKNOWN = '–';

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
          {t('insight.title')}
        </Title>
        <CloseButton aria-label={t('insight.close')} onClick={onClose} />
      </div>
      <Text size="xs" c="dimmed">
        {t('insight.windows', { count: metricsKeys.length })}
      </Text>
      <Table className={styles.table} verticalSpacing={6} horizontalSpacing={0}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className={utilities.visuallyHidden}>{t('insight.metric')}</span>
            </Table.Th>
            <Table.Th>{t('insight.firstFetch')}</Table.Th>
            <Table.Th>{t('insight.latestFetch')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {metrics().map(({ label, format }) => (
            <Table.Tr key={label}>
              <Table.Th scope="row">{label}</Table.Th>
              <Table.Td>{(first && format(first)) ?? UNKNOWN}</Table.Td>
              <Table.Td>{(refetch && format(refetch)) ?? UNKNOWN}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Button size="xs" variant="default" fullWidth onClick={onRefetch}>
        {t('insight.refetch')}
      </Button>
      <Text size="xs" c="dimmed">
        {latest && !latest.cache ? t('insight.noMetrics') : t('insight.cost')}
      </Text>
    </aside>
  );
}
