/** What the reader should know of the service: that it cannot be reached, or answers without its cache. */
import { connection, connectionState } from '@/apollo/connection';
import { useStore } from '@/ui/store';
import styles from '@/features/tasks-page/TasksPage.module.css';

export function Banners() {
  const now = useStore(connection);
  if (connectionState(now) === 'offline') {
    return (
      <div role="status" className={styles.banner} data-kind="offline">
        <strong>Offline.</strong> The service cannot be reached. You see what was loaded; what you type is kept. It goes
        on by itself.
      </div>
    );
  }
  if (!now.degraded) return null;
  return (
    <div role="status" className={styles.banner} data-kind="degraded">
      <strong>Degraded.</strong> Redis is not in use, so PostgreSQL answers: everything is right, and slower.
    </div>
  );
}
