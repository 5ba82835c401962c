/** Shows the cost of the windows on screen: the first fetch next to the latest fetch. */
import { Button, CloseButton, Table, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { type RequestMetrics, windowMetrics } from '@/apollo/requestMetricsLink';
import { formatCount, formatMilliseconds } from '@/ui/format';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import utilities from '@/ui/utilities.module.css';
import styles from './RequestMetricsPanel.module.css';
import { sumMetrics } from './sumMetrics';

interface Props {
  /** The keys of the windows on screen. */
  metricsKeys: string[];
  onClose: () => void;
  onRefetch: () => void;
}

const metrics = (): { label: string; format: (metrics: RequestMetrics) => string | undefined }[] => [
  { label: t('requestMetrics.cacheHits'), format: ({ cache }) => cache && formatCount(cache.hits) },
  { label: t('requestMetrics.cacheMisses'), format: ({ cache }) => cache && formatCount(cache.misses) },
  { label: t('requestMetrics.sqlQueries'), format: ({ cache }) => cache && formatCount(cache.sqlQueries) },
  { label: t('requestMetrics.redisRoundTrips'), format: ({ cache }) => cache && formatCount(cache.redisRoundTrips) },
  { label: t('requestMetrics.serverTime'), format: ({ cache }) => cache && formatMilliseconds(cache.serverMs, 1) },
  { label: t('requestMetrics.responseTime'), format: ({ clientMs }) => formatMilliseconds(clientMs, 0) },
  { label: t('requestMetrics.queryCost'), format: ({ cost }) => (cost === undefined ? undefined : formatCount(cost)) },
  {
    label: t('requestMetrics.degraded'),
    format: ({ cache }) => cache && (cache.degraded ? t('requestMetrics.yes') : t('requestMetrics.no')),
  },
];

const UNKNOWN = '–';

export function RequestMetricsPanel({ metricsKeys, onClose, onRefetch }: Props) {
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
      aria-labelledby="request-metrics-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault(); // Escape must not also clear the selection of the list.
        onClose();
      }}
    >
      <div className={styles.head}>
        <Title order={2} size="h5" id="request-metrics-title">
          {t('requestMetrics.title')}
        </Title>
        <CloseButton aria-label={t('requestMetrics.close')} onClick={onClose} />
      </div>
      <Text size="xs" c="dimmed">
        {t('requestMetrics.windows', { count: metricsKeys.length })}
      </Text>
      <Table className={styles.table} verticalSpacing={6} horizontalSpacing={0}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className={utilities.visuallyHidden}>{t('requestMetrics.metric')}</span>
            </Table.Th>
            <Table.Th>{t('requestMetrics.firstFetch')}</Table.Th>
            <Table.Th>{t('requestMetrics.latestFetch')}</Table.Th>
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
        {t('requestMetrics.refetch')}
      </Button>
      <Text size="xs" c="dimmed">
        {latest && !latest.cache ? t('requestMetrics.noMetrics') : t('requestMetrics.cost')}
      </Text>
    </aside>
  );
}
