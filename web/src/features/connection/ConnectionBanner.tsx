/** Shows a banner while the service is unreachable, or answers without its Redis index, which takes longer. */
import { connection, connectionStatus } from '@/apollo/connection';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './ConnectionBanner.module.css';

export function ConnectionBanner() {
  const current = useStore(connection);
  if (connectionStatus(current) === 'offline') {
    return (
      <div role="status" className={styles.banner} data-kind="offline">
        <strong>{t('connection.offlineTitle')}</strong> {t('connection.offlineText')}
      </div>
    );
  }
  if (!current.degraded) return null;
  return (
    <div role="status" className={styles.banner} data-kind="degraded">
      <strong>{t('connection.slowTitle')}</strong> {t('connection.slowText')}
    </div>
  );
}
