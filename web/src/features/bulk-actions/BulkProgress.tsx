/** The bulk change that runs now: what it does, how far it is, and a button that stops it. */
import { Button, Progress } from '@mantine/core';
import { bulkJob, stopBulkJob } from '@/features/bulk-changes/bulkJob';
import { formatCount } from '@/ui/format';
import { useStore } from '@/ui/store';
import styles from './BulkProgress.module.css';

export function BulkProgress() {
  const job = useStore(bulkJob);
  if (!job) return null;
  const { label, done, total, problem, stopping } = job;
  const progress = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
  return (
    <section aria-label="Bulk change" className={styles.progress}>
      <div className={styles.text}>
        <span>
          {label} {progress} tasks
        </span>
        <Button size="compact-sm" variant="default" disabled={stopping} onClick={stopBulkJob}>
          {stopping ? 'Stopping…' : 'Stop'}
        </Button>
      </div>
      <Progress.Root size="sm">
        <Progress.Section
          value={total ? (done / total) * 100 : 0}
          aria-label={label}
          aria-valuetext={`${progress} tasks`}
        />
      </Progress.Root>
      <div role="status" className={styles.problem}>
        {problem !== undefined && `Waiting to try again. ${problem}`}
      </div>
    </section>
  );
}
