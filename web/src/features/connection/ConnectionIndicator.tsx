/** The coloured dot and label of the status bar. */
import { connection, connectionStatus, type ConnectionStatus } from '@/apollo/connection';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './ConnectionIndicator.module.css';

const LABELS: Record<ConnectionStatus, () => string> = {
  connecting: () => t('connection.connecting'),
  connected: () => t('connection.connected'),
  reconnecting: () => t('connection.reconnecting'),
  offline: () => t('connection.offline'),
};

export function ConnectionIndicator() {
  const status = connectionStatus(useStore(connection));
  return (
    <span className={styles.indicator} data-status={status} data-testid="connection" role="status">
      <span className={styles.dot} />
      {LABELS[status]()}
    </span>
  );
}
