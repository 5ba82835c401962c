/** Says below a field whether its text is saved. If it is not, offers what the person can do. */
import type { TextFieldState } from './useTextField';
import { connection, connectionStatus } from '@/apollo/connection';
import { useStore } from '@/ui/store';
import styles from './DraftNotice.module.css';

export function DraftNotice({ field }: { field: TextFieldState }) {
  const offline = connectionStatus(useStore(connection)) === 'offline';
  const { text, warn, action } = describe(field, offline);
  return (
    <span className={styles.notice} data-warn={warn} role="status">
      {text} {action && <NoticeButton label={action} run={field.save} />}{' '}
      {field.unsaved && field.status?.kind !== 'saving' && <NoticeButton label="Discard text" run={field.discard} />}
    </span>
  );
}

interface Notice {
  text: string;
  warn?: boolean;
  action?: string;
}

function describe({ unsaved, outdated, status }: TextFieldState, offline: boolean): Notice {
  if (status?.kind === 'saved') return { text: 'Saved' };
  if (!unsaved) return { text: '' };
  switch (status?.kind) {
    case 'saving':
      return { text: 'Saving…' };
    case 'queued':
    case 'waiting':
      if (offline) return { text: 'Not saved yet. The page saves your text when the service is back.', warn: true };
      return { text: 'Not saved yet. The page tries again.', warn: true, action: 'Try now' };
    case 'failed':
      return { text: `Not saved. ${status.reason}`, warn: true, action: 'Try again' };
    case 'conflict':
      return { text: 'Not saved. Someone else changed this text.', warn: true, action: 'Compare' };
    default:
      return outdated
        ? { text: 'Someone else has changed this text since you started.', warn: true }
        : { text: 'Not saved yet.' };
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
