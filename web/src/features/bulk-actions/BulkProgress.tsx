/** The bulk change that runs now: what it does, how far it is, and a button that stops it. */
import { Button, Progress } from '@mantine/core';
import { bulkJob, stopBulkJob } from '@/features/bulk-changes/bulkJob';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './BulkProgress.module.css';

export function BulkProgress() {
  const job = useStore(bulkJob);
  if (!job) return null;
  const { label, done, total, problem, stopping } = job;
  const progress = total === undefined ? t('bulk.progressCount', { done }) : t('bulk.progressOfTotal', { done, total });
  return (
    <section aria-label={t('bulk.change')} className={styles.progress}>
      <div className={styles.text}>
        <span>{t('bulk.progress', { label, done: progress })}</span>
        <Button size="compact-sm" variant="default" disabled={stopping} onClick={stopBulkJob}>
          {stopping ? t('bulk.stopping') : t('bulk.stop')}
        </Button>
      </div>
      <Progress.Root size="sm">
        <Progress.Section value={total ? (done / total) * 100 : 0} aria-label={label} aria-valuetext={progress} />
      </Progress.Root>
      <div role="status" className={styles.problem}>
        {problem !== undefined && t('bulk.waiting', { problem })}
      </div>
    </section>
  );
}
