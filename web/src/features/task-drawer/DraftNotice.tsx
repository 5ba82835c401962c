/** Says below a field whether its text is saved. If it is not, offers what the person can do. */
import type { TextFieldState } from './useTextField';
import { connection, connectionStatus } from '@/apollo/connection';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './DraftNotice.module.css';

export function DraftNotice({ field }: { field: TextFieldState }) {
  const offline = connectionStatus(useStore(connection)) === 'offline';
  const { text, warn, action } = describe(field, offline);
  return (
    <span className={styles.notice} data-warn={warn} role="status">
      {text}
      {action && <NoticeButton label={action} run={field.save} />}
      {field.unsaved && field.status?.kind !== 'saving' && (
        <NoticeButton label={t('goneTask.discardText')} run={field.discard} />
      )}
    </span>
  );
}

interface Notice {
  text: string;
  warn?: boolean;
  action?: string;
}

function describe({ unsaved, outdated, status }: TextFieldState, offline: boolean): Notice {
  if (status?.kind === 'saved') return { text: t('drafts.saved') };
  if (!unsaved) return { text: '' };
  switch (status?.kind) {
    case 'saving':
      return { text: t('drafts.saving') };
    case 'queued':
    case 'waiting':
      if (offline) return { text: t('drafts.offline'), warn: true };
      return { text: t('drafts.retrying'), warn: true, action: t('drafts.tryNow') };
    case 'failed':
      return { text: t('drafts.failed', { reason: status.reason }), warn: true, action: t('actions.tryAgain') };
    case 'conflict':
      return { text: t('drafts.conflict'), warn: true, action: t('conflict.compare') };
    default:
      return outdated ? { text: t('drafts.outdated'), warn: true } : { text: t('drafts.unsaved') };
  }
}

function NoticeButton({ label, run }: { label: string; run: () => void }) {
  return (
    <button
      type="button"
      className={styles.action}
      // Keep the focus in the field: losing it would save the text.
      onMouseDown={(event) => event.preventDefault()}
      onClick={run}
    >
      {label}
    </button>
  );
}
