/** Says what the figures lack: the service is away, does not use its index, or refuses the query. */
import { connection, connectionStatus } from '@/apollo/connection';
import { limitedUntil } from '@/apollo/rateLimitLink';
import { isForbidden } from '@/apollo/refusal';
import { ConnectionBanner } from '@/features/connection/ConnectionBanner';
import bannerStyles from '@/features/connection/ConnectionBanner.module.css';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './Insight.module.css';
import { InsightState } from './InsightState';

interface Props {
  fetchedAt: number | undefined;
  error: unknown;
  /** Whether figures are on screen. */
  known: boolean;
  onRetry: () => void;
}

export function InsightBanner({ fetchedAt, error, known, onRetry }: Props) {
  const current = useStore(connection);
  const limited = useStore(limitedUntil).length > 0;
  const offline = connectionStatus(current) === 'offline';
  if (isForbidden(error)) {
    return <InsightState title={t('insight.notPermitted')}>{t('insight.notPermittedText')}</InsightState>;
  }
  return (
    <>
      {offline && (
        <div role="status" className={bannerStyles.banner} data-kind="offline">
          <strong>{t('connection.unreachable')}</strong> {fetchedAt !== undefined && figuresOf(fetchedAt)}
        </div>
      )}
      {!offline && limited && <ConnectionBanner />}
      {!offline && !limited && current.degraded && (
        <div role="status" className={bannerStyles.banner} data-kind="degraded">
          <strong>{t('insight.degradedTitle')}</strong> {t('insight.degradedText')}
        </div>
      )}
      {error !== undefined && !offline && (
        <div role="alert" className={bannerStyles.banner} data-kind="offline">
          <strong>{known ? t('insight.notRefreshed') : t('insight.notLoaded')}</strong> <span>{messageOf(error)}</span>
          <button type="button" className={styles.retry} onClick={onRetry}>
            {t('actions.tryAgain')}
          </button>
        </div>
      )}
    </>
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

function figuresOf(time: number): string {
  return t('insight.figuresOf', { time: formatLongDate(new Date(time).toISOString()) });
}
