/** The most important figures, each with that of the previous period. */
import { t } from '@/ui/messages';
import { formatChange, formatLatency, formatNumber, formatShare, orNone } from './formatFigure';
import styles from './Insight.module.css';
import type { Figures } from './useInsight';

interface KeyFigure {
  label: string;
  value: string;
  previous: string;
  change?: string | undefined;
}

export function KeyFigures({ figures }: { figures: Figures }) {
  return (
    <dl className={styles.keyFigures}>
      {keyFigures(figures).map(({ label, value, previous, change }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd className={styles.value}>{value}</dd>
          <dd className={styles.before}>
            {t('insight.before', { value: change === undefined ? previous : `${previous} (${change})` })}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function keyFigures({ cache, requests, points, errors, latency, previousLatency }: Figures): KeyFigure[] {
  return [
    shareFigure(t('insight.hitRate'), cache.hitRate),
    shareFigure(t('insight.pageHitRate'), cache.pageHitRate),
    countFigure(t('insight.requests'), requests),
    countFigure(t('insight.points'), points),
    countFigure(t('insight.errors'), errors),
    {
      label: t('insight.latency95'),
      value: orNone(latency.p95Ms, formatLatency),
      previous: orNone(previousLatency.p95Ms, formatLatency),
    },
    countFigure(t('insight.queriesSaved'), cache.sqlQueriesSaved),
    countFigure(t('insight.degradedReads'), cache.degradedReads),
  ];
}

function countFigure(label: string, figure: { total: number; previousTotal: number }): KeyFigure {
  const { total, previousTotal } = figure;
  return {
    label,
    value: formatNumber(total),
    previous: formatNumber(previousTotal),
    change: formatChange(total, previousTotal),
  };
}

function shareFigure(label: string, figure: { total?: number | null; previousTotal?: number | null }): KeyFigure {
  return { label, value: orNone(figure.total, formatShare), previous: orNone(figure.previousTotal, formatShare) };
}
