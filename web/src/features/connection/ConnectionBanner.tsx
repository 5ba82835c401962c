/** Shows a banner while the service is unreachable, or answers more slowly: without its Redis index, or beyond the rate limit. */
import { connection, connectionStatus } from '@/apollo/connection';
import { limitedQueries } from '@/apollo/rateLimitLink';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './ConnectionBanner.module.css';

export function ConnectionBanner() {
  const current = useStore(connection);
  const limited = useStore(limitedQueries) > 0;
  if (connectionStatus(current) === 'offline') {
    return (
      <div role="status" className={styles.banner} data-kind="offline">
        <strong>{t('connection.offlineTitle')}</strong> {t('connection.offlineText')}
      </div>
    );
  }
  if (limited) {
    return (
      <div role="status" className={styles.banner} data-kind="limited">
        <strong>{t('session.limitedTitle')}</strong> {t('session.limitedText')}
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
