/** The history of the index: rebuilds, changes of the gate, and warm starts. */
import { Progress } from '@mantine/core';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import chartStyles from './Chart.module.css';
import { formatNumber, orNone } from './formatFigure';
import { formatLength } from './formatLength';
import styles from './Insight.module.css';
import { gateLabel } from './names';
import { RankedTable } from './RankedTable';
import type { Figures } from './useInsight';

export function HistorySection({ figures }: { figures: Figures }) {
  const { rebuilds, gate } = figures;
  return (
    <>
      <RankedTable
        title={t('insight.rebuilds')}
        rows={rebuilds.toReversed()}
        emptyText={t('insight.none.rebuilds')}
        keyOf={({ startedAt }) => startedAt}
        nameLabel={t('insight.began')}
        renderName={({ startedAt }) => formatLongDate(startedAt)}
        sizeOf={() => 0}
        columns={[
          {
            label: t('insight.duration'),
            render: ({ startedAt, endedAt }) => orNone(lengthOf(startedAt, endedAt), formatLength),
          },
          { label: t('insight.outcome'), render: outcome },
        ]}
      />
      <RankedTable
        title={t('insight.gateHistory')}
        hint={t('insight.gateHint')}
        rows={gate.map((event, index) => ({ ...event, until: gate[index + 1]?.at })).toReversed()}
        emptyText={t('insight.none.gateHistory')}
        keyOf={({ at, state }) => `${at} ${state}`}
        nameLabel={t('insight.time')}
        renderName={({ at }) => formatLongDate(at)}
        sizeOf={() => 0}
        columns={[
          { label: t('insight.state'), render: ({ state }) => gateLabel(state) },
          { label: t('insight.duration'), render: ({ at, until }) => orNone(lengthOf(at, until), formatLength) },
        ]}
      />
      <WarmStart figures={figures} />
    </>
  );
}

function lengthOf(from: string, to: string | null | undefined): number | undefined {
  return to ? new Date(to).getTime() - new Date(from).getTime() : undefined;
}

function outcome({ completed, endedAt }: Figures['rebuilds'][number]): string {
  if (completed) return t('insight.completed');
  return endedAt ? t('insight.notCompleted') : t('insight.underWay');
}

/** A service without warm starts has none of these figures, and neither has another workspace than the default one. */
function WarmStart({ figures: { service, gauges } }: { figures: Figures }) {
  const count = (name: string) => service.find((each) => each.name === name)?.count.total;
  const last = (name: string) => gauges.find((each) => each.name === name)?.gauge.last;
  const [starts, warmed] = [count('warm_starts'), count('warmed')];
  const [wanted, done] = [last('warm_wanted'), last('warm_done')];
  const none = starts === undefined && warmed === undefined && wanted === undefined;
  return (
    <section className={chartStyles.card} aria-labelledby="insight-warm-start">
      <div className={chartStyles.head}>
        <h3 id="insight-warm-start">{t('insight.warmStart')}</h3>
      </div>
      <p className={chartStyles.hint}>{t('insight.warmStartHint')}</p>
      {none ? (
        <p className={chartStyles.empty}>{t('insight.noWarmStart')}</p>
      ) : (
        <dl className={styles.facts}>
          <div>
            <dt>{t('insight.warmStarts')}</dt>
            <dd>{formatNumber(starts ?? 0)}</dd>
          </div>
          <div>
            <dt>{t('insight.warmedTasks')}</dt>
            <dd>{formatNumber(warmed ?? 0)}</dd>
          </div>
        </dl>
      )}
      {wanted && done !== undefined && done !== null ? (
        <>
          <p className={styles.text}>{t('insight.warmProgress', { done, wanted })}</p>
          <Progress value={(done / wanted) * 100} aria-label={t('insight.warmStart')} />
        </>
      ) : null}
    </section>
  );
}
