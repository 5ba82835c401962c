/** The charts of the cache and of the requests over time. */
import { useMemo } from 'react';
import { t } from '@/ui/messages';
import { ChartCard } from './ChartCard';
import type { Line } from './chartOptions';
import { formatCompact, formatNumber, formatShare } from './formatFigure';
import { causeLabel, pageCauseLabel } from './names';
import type { Figures } from './useInsight';

const COLORS = ['--accent', '--good', '--progress', '--urgent', '--faint'];

interface OverTime {
  points: readonly (number | null)[];
  previousPoints: readonly (number | null)[];
}

/** Return a figure and that of the previous period. */
function compared(label: string, { points, previousPoints }: OverTime): Line[] {
  return [
    { label: t('insight.previousPeriod'), color: '--dim', values: previousPoints, previous: true },
    { label, color: '--accent', values: points },
  ];
}

function byCause(causes: { label: string; count: { points: readonly number[] } }[]): Line[] {
  return causes.map(({ label, count }, index) => ({
    label,
    color: COLORS[index % COLORS.length] ?? '--accent',
    values: count.points,
  }));
}

export function CacheCharts({ figures: { times, resolution, cache } }: { figures: Figures }) {
  const lines = useMemo(
    () => ({
      rate: compared(t('insight.hitRate'), cache.hitRate),
      causes: byCause(cache.missesByCause.map(({ cause, count }) => ({ label: causeLabel(cause), count }))),
      pageRate: compared(t('insight.pageHitRate'), cache.pageHitRate),
      pageCauses: byCause(cache.pageMissesByCause.map(({ cause, count }) => ({ label: pageCauseLabel(cause), count }))),
    }),
    [cache],
  );
  const over = { times, resolution };
  const shares = { format: formatShare, most: 1 };
  const counts = { format: formatNumber, formatAxis: formatCompact, stacked: true };
  return (
    <>
      <ChartCard
        title={t('insight.hitRate')}
        hint={t('insight.hitRateHint')}
        lines={lines.rate}
        {...over}
        {...shares}
      />
      <ChartCard
        title={t('insight.causes')}
        hint={t('insight.causesHint')}
        lines={lines.causes}
        {...over}
        {...counts}
      />
      <ChartCard
        title={t('insight.pageHitRate')}
        hint={t('insight.pageHitRateHint')}
        lines={lines.pageRate}
        {...over}
        {...shares}
      />
      <ChartCard
        title={t('insight.pageCauses')}
        hint={t('insight.pageCausesHint')}
        lines={lines.pageCauses}
        {...over}
        {...counts}
      />
    </>
  );
}

export function RequestCharts({ figures: { times, resolution, requests, points, cache } }: { figures: Figures }) {
  const lines = useMemo(
    () => ({
      requests: compared(t('insight.requests'), requests),
      points: compared(t('insight.points'), points),
      saved: compared(t('insight.queriesSaved'), cache.sqlQueriesSaved),
    }),
    [requests, points, cache],
  );
  const common = { times, resolution, format: formatNumber, formatAxis: formatCompact };
  return (
    <>
      <ChartCard title={t('insight.requests')} hint={t('insight.requestsHint')} lines={lines.requests} {...common} />
      <ChartCard title={t('insight.points')} hint={t('insight.pointsHint')} lines={lines.points} {...common} />
      <ChartCard
        title={t('insight.queriesSaved')}
        hint={t('insight.queriesSavedHint')}
        lines={lines.saved}
        {...common}
      />
    </>
  );
}
