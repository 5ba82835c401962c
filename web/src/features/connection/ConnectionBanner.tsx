/** Shows a banner while the service is unreachable, or answers more slowly: without its Redis index, or beyond the rate limit. */
import { useEffect, useState } from 'react';
import { connection, connectionStatus } from '@/apollo/connection';
import { limitedUntil } from '@/apollo/rateLimitLink';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './ConnectionBanner.module.css';

const SECOND_MS = 1_000;

export function ConnectionBanner() {
  const current = useStore(connection);
  const limited = useStore(limitedUntil);
  if (connectionStatus(current) === 'offline') {
    return (
      <div role="status" className={styles.banner} data-kind="offline">
        <strong>{t('connection.offlineTitle')}</strong> {t('connection.offlineText')}
      </div>
    );
  }
  if (limited.length > 0) {
    return (
      <div role="status" className={styles.banner} data-kind="limited">
        <strong>{t('session.limitedTitle')}</strong> <Countdown until={Math.min(...limited)} />
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

/** What the page does, and the seconds that remain. Screen readers do not read each of them. */
function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((until - now) / SECOND_MS));
  const left = t('session.limitedWait', { seconds });
  return (
    <>
      {t('session.limitedText')} <span aria-hidden>{left}</span>
    </>
  );
}
