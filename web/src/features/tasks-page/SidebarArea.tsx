/** The place of the sidebar: beside the list, or above the page on a narrow screen. */
import type { PageCommands } from '@/features/command-palette/commands';
import type { View } from '@/features/task-list/taskView';
import { t } from '@/ui/messages';
import { useLatch } from '@/ui/useLatch';
import { Sidebar, SidebarDrawer } from './parts';
import styles from './SidebarArea.module.css';
import { useSidebar } from './useSidebar';

interface Props {
  view: View;
  commands: PageCommands;
  /** Whether the person has opened the sidebar above the page. */
  drawerOpened: boolean;
  onCloseDrawer: () => void;
}

export function SidebarArea({ view, commands, drawerOpened, onCloseDrawer }: Props) {
  const { shown, beside } = useSidebar();
  const drawerNeeded = useLatch(drawerOpened);
  const props = { view, setView: commands.setView, onManageViews: () => commands.togglePanel('savedViews') };
  if (!beside) {
    return drawerNeeded && <SidebarDrawer {...props} opened={drawerOpened} onClose={onCloseDrawer} />;
  }
  return (
    shown && (
      <nav id={SIDEBAR_ID} aria-label={t('sidebar.name')} className={styles.sidebar}>
        <Sidebar {...props} />
      </nav>
    )
  );
}

const SIDEBAR_ID = 'sidebar';

/** Move the focus to the entry on screen, when the sidebar is shown. */
export function focusSidebar(): void {
  requestAnimationFrame(() => {
    const sidebar = document.getElementById(SIDEBAR_ID);
    (sidebar?.querySelector<HTMLElement>('[aria-current]') ?? sidebar?.querySelector<HTMLElement>('a'))?.focus();
  });
}

export function sidebarHasFocus(): boolean {
  return document.getElementById(SIDEBAR_ID)?.contains(document.activeElement) ?? false;
}
