/** The period on screen, the previous period, and the time before which there are no data. */
import { t } from '@/ui/messages';
import { formatTimeOfDay } from '@/ui/timeFormat';
import { formatPeriod, formatPoint } from './formatFigure';
import styles from './Insight.module.css';
import type { Figures } from './useInsight';

export function PeriodLine({ figures, fetchedAt }: { figures: Figures; fetchedAt: number | undefined }) {
  const { from, to, previousFrom, resolution } = figures;
  const [start, end, before] = [new Date(from), new Date(to), new Date(previousFrom)];
  const firstCounted = firstCountedAt(figures);
  const sentences = [
    t('insight.period', {
      period: formatPeriod(start, end, resolution),
      previous: formatPeriod(before, start, resolution),
    }),
    ...(resolution === 'DAY' ? [t('insight.daysInUtc')] : []),
    ...(fetchedAt === undefined ? [] : [t('insight.asOf', { time: formatTimeOfDay(new Date(fetchedAt)) })]),
  ];
  return (
    <div className={styles.period}>
      <p>{sentences.join(' ')}</p>
      {firstCounted === undefined && (
        <p role="status" className={styles.notice}>
          {t('insight.noData')}
        </p>
      )}
      {firstCounted !== undefined && firstCounted.getTime() > start.getTime() && (
        <p className={styles.notice}>{t('insight.noDataBefore', { time: formatPoint(firstCounted, resolution) })}</p>
      )}
    </div>
  );
}

/** Return the first time with a request or a size, unless the previous period has requests. Undefined without any. */
function firstCountedAt({ times, requests, memory, from }: Figures): Date | undefined {
  if (requests.previousTotal > 0) return new Date(from);
  const index = requests.points.findIndex((count, at) => count > 0 || (memory.indexBytes.points[at] ?? null) !== null);
  const time = times[index];
  return time === undefined ? undefined : new Date(time);
}
