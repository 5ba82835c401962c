/** What was requested in the workspace, and how the cache served it. For administrators. */
import { createParser, useQueryState } from 'nuqs';
import { type ReactNode, useDeferredValue, useId } from 'react';
import { session } from '@/apollo/session';
import { SignedOutBanner } from '@/features/identity/parts';
import { NewBuildNotice } from '@/features/page-build/NewBuildNotice';
import { useBuildCheck } from '@/features/page-build/useBuildCheck';
import { useHealthCheck } from '@/features/connection/useHealthCheck';
import { Icon } from '@/ui/icons';
import { Logo } from '@/ui/Logo';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { ThemeSelect } from '@/ui/ThemeSelect';
import { useColorScheme } from '@/ui/useColorScheme';
import { AdviceList } from './AdviceList';
import { maySeeFigures } from './fetchFigures';
import { HistorySection } from './HistorySection';
import styles from './Insight.module.css';
import { InsightBanner } from './InsightBanner';
import { InsightState } from './InsightState';
import { KeyFigures } from './KeyFigures';
import { MemorySection } from './MemorySection';
import { DEFAULT_RANGE, parseRange } from './period';
import { PeriodLine } from './PeriodLine';
import { RangePicker } from './RangePicker';
import { OperationsTable, RequestedTables } from './RequestTables';
import { CacheCharts, RequestCharts } from './TimeCharts';
import { type Figures, useInsight } from './useInsight';

const rangeParser = createParser({ parse: parseRange, serialize: String })
  .withDefault(DEFAULT_RANGE)
  .withOptions({ history: 'push', clearOnDefault: true });

export function InsightPage() {
  useHealthCheck();
  useBuildCheck();
  const { status } = useStore(session);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1 className={styles.name}>
          <Logo />
          <span>{t('insight.title')}</span>
        </h1>
        <a href="/" className={styles.back}>
          <Icon name="list" /> {t('insight.toTasks')}
        </a>
        <span className={styles.theme}>
          <ThemeSelect colorScheme={useColorScheme()} />
        </span>
      </header>
      <main>
        {status === 'signedOut' && <SignedOutBanner />}
        {maySeeFigures() ? (
          <Insight />
        ) : (
          <InsightState title={t('insight.notPermitted')}>{t('insight.notPermittedText')}</InsightState>
        )}
        <NewBuildNotice />
      </main>
    </div>
  );
}

function Insight() {
  const [range, setRange] = useQueryState('range', rangeParser);
  const insight = useInsight(range);
  const { figures, fetchedAt, error, loading, refresh } = insight;
  return (
    <>
      <InsightBanner fetchedAt={fetchedAt} error={error} known={figures !== undefined} onRetry={refresh} />
      <div className={styles.main}>
        <div className={styles.toolbar}>
          <RangePicker range={range} onChange={(next) => void setRange(next)} />
          <button type="button" className={styles.refresh} disabled={loading} onClick={refresh}>
            {t('insight.refresh')}
          </button>
        </div>
        <div aria-busy={loading} className={styles.figures}>
          {figures ? <Sections figures={figures} fetchedAt={fetchedAt} /> : loading && <Skeleton />}
        </div>
      </div>
    </>
  );
}

function Skeleton() {
  return (
    <div role="status" aria-label={t('insight.loading')} className={styles.cards}>
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} className={styles.bone} />
      ))}
    </div>
  );
}

function Sections({ figures, fetchedAt }: { figures: Figures; fetchedAt: number | undefined }) {
  // The first charts are drawn before the sections below them are rendered.
  const all = useDeferredValue(true, false);
  return (
    <>
      <PeriodLine figures={figures} fetchedAt={fetchedAt} />
      <KeyFigures figures={figures} />
      <AdviceList advice={figures.advice} />
      <Section title={t('insight.section.cache')}>
        <CacheCharts figures={figures} />
      </Section>
      {all && <LaterSections figures={figures} />}
    </>
  );
}

function LaterSections({ figures }: { figures: Figures }) {
  return (
    <>
      <Section title={t('insight.section.requests')} wide={<OperationsTable operations={figures.operations} />}>
        <RequestCharts figures={figures} />
      </Section>
      <Section title={t('insight.section.requested')}>
        <RequestedTables figures={figures} />
      </Section>
      <Section title={t('insight.section.memory')}>
        <MemorySection figures={figures} />
      </Section>
      <Section title={t('insight.section.index')}>
        <HistorySection figures={figures} />
      </Section>
    </>
  );
}

function Section({ title, wide, children }: { title: string; wide?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.section}>
      <h2 id={id}>{title}</h2>
      {wide}
      <div className={styles.cards}>{children}</div>
    </section>
  );
}
