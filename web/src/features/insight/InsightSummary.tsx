import { windowMetrics } from '@/apollo/requestMetricsLink';
import { formatCount } from '@/ui/format';
import { useStore } from '@/ui/store';
import utilities from '@/ui/utilities.module.css';
import { sumMetrics } from './sumMetrics';

/** The label of the insight button: the source of the rows on screen, and the time that the service took. */
export function InsightSummary({ metricsKeys }: { metricsKeys: string[] }) {
  const { latest } = sumMetrics(metricsKeys, useStore(windowMetrics));
  const cache = latest?.cache;
  if (!cache) return <span>Insight</span>;
  const { hits, misses, serverMs } = cache;
  const source =
    misses === 0 ? 'all from cache' : `${formatCount(misses)} of ${formatCount(hits + misses)} from PostgreSQL`;
  return (
    <span>
      Insight
      <span className={utilities.desktopOnly}>
        {' · '}
        {source}
        {' · '}
        {serverMs.toFixed(1)} ms
      </span>
    </span>
  );
}
