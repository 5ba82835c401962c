/** The memory of the index, the entries and the cached pages over time, with a forecast. */
import { useMemo } from 'react';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { ChartCard } from './ChartCard';
import chartStyles from './Chart.module.css';
import type { Line } from './chartOptions';
import { formatBytes, formatCompact, formatNumber, orNone } from './formatFigure';
import styles from './Insight.module.css';
import type { Figures } from './useInsight';

type Memory = Figures['memory'];

export function MemorySection({ figures: { times, resolution, memory } }: { figures: Figures }) {
  const lines = useMemo(() => sizes(memory), [memory]);
  const tasks = useMemo(() => counts(memory), [memory]);
  return (
    <>
      <ChartCard
        title={t('insight.memory')}
        hint={memory.redisUsedBytes ? t('insight.memoryHint') : t('insight.memoryOfWorkspace')}
        times={times}
        resolution={resolution}
        lines={lines}
        format={formatBytes}
      />
      <ChartCard
        title={t('insight.memoryTasks')}
        times={times}
        resolution={resolution}
        lines={tasks}
        format={formatNumber}
        formatAxis={formatCompact}
      />
      <MemoryTable memory={memory} />
    </>
  );
}

function sizes(memory: Memory): Line[] {
  return [
    { label: t('insight.indexBytes'), color: '--accent', values: memory.indexBytes.points },
    ...line(t('insight.entryBytes'), '--good', memory.entryBytes),
    ...line(t('insight.cachedPageBytes'), '--progress', memory.cachedPageBytes),
  ];
}

function counts(memory: Memory): Line[] {
  return [
    { label: t('insight.indexedTasks'), color: '--accent', values: memory.tasks.points },
    ...line(t('insight.entries'), '--good', memory.entries),
  ];
}

/** Only the default workspace has the figures of the whole service. */
function line(label: string, color: string, figure: Memory['entries']): Line[] {
  return figure ? [{ label, color, values: figure.points }] : [];
}

function MemoryTable({ memory }: { memory: Memory }) {
  const { indexBytes, entryBytes, cachedPageBytes, redisUsedBytes, redisMaxBytes, forecast } = memory;
  const limit = redisMaxBytes?.last;
  const facts: [string, string][] = [
    [t('insight.indexBytes'), orNone(indexBytes.last, formatBytes)],
    ...(redisUsedBytes
      ? ([
          [t('insight.entryBytes'), orNone(entryBytes?.last, formatBytes)],
          [t('insight.cachedPageBytes'), orNone(cachedPageBytes?.last, formatBytes)],
          [t('insight.redisUsed'), orNone(redisUsedBytes.last, formatBytes)],
          [t('insight.redisMax'), limit === 0 ? t('insight.noLimit') : orNone(limit, formatBytes)],
        ] as [string, string][])
      : []),
  ];
  return (
    <section className={chartStyles.card} aria-labelledby="insight-forecast">
      <div className={chartStyles.head}>
        <h3 id="insight-forecast">{t('insight.forecast')}</h3>
      </div>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={styles.text}>{forecastText(forecast)}</p>
    </section>
  );
}

function forecastText(forecast: Memory['forecast']): string {
  if (!forecast) return t('insight.noForecast');
  const { bytesPerDay, fullAt, hours } = forecast;
  const measured = t('insight.measuredHours', { hours });
  if (bytesPerDay <= 0) return `${t('insight.notGrowing')} ${measured}`;
  const growth = t('insight.growth', { size: formatBytes(bytesPerDay) });
  const end = fullAt ? t('insight.fullAt', { date: formatLongDate(fullAt) }) : t('insight.notFull');
  return `${growth} ${end} ${measured}`;
}
