/** Shows a banner while the service is unreachable, or answers without its Redis index, which takes longer. */
import { connection, connectionStatus } from '@/apollo/connection';
import { useStore } from '@/ui/store';
import styles from './ConnectionBanner.module.css';

export function ConnectionBanner() {
  const current = useStore(connection);
  if (connectionStatus(current) === 'offline') {
    return (
      <div role="status" className={styles.banner} data-kind="offline">
        <strong>Offline.</strong> The service cannot be reached. You can read the tasks that are already loaded. The
        page keeps what you type, and saves it when the service is back.
      </div>
    );
  }
  if (!current.degraded) return null;
  return (
    <div role="status" className={styles.banner} data-kind="degraded">
      <strong>Slower than usual.</strong> Everything works and results are correct, but the service takes longer to
      answer.
    </div>
  );
}
