/** Shows and hides the sidebar. */
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import styles from './SidebarButton.module.css';

export function SidebarButton({ opened, onClick }: { opened: boolean; onClick: () => void }) {
  return (
    <button
      type="button"
      className={styles.button}
      aria-label={t('sidebar.name')}
      title={t('sidebar.toggle')}
      aria-expanded={opened}
      aria-keyshortcuts="v"
      onClick={onClick}
    >
      <Icon name="sidebar" />
    </button>
  );
}
