/** The status bar: the connection, the position in the list, the page number, and the trash. */
import type { RefObject } from 'react';
import type { PageCommands } from '@/features/command-palette/commands';
import { ConnectionIndicator } from '@/features/connection/ConnectionIndicator';
import type { ListPosition } from '@/features/task-list/gridHandle';
import { formatTotal } from '@/ui/format';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import utilities from '@/ui/utilities.module.css';
import { GoToPage } from './GoToPage';
import { UnsentIndicator } from './UnsentIndicator';
import styles from './StatusBar.module.css';

interface Props {
  position: ListPosition;
  goToPageRef: RefObject<HTMLInputElement | null>;
  commands: PageCommands;
}

export function StatusBar({ position, goToPageRef, commands }: Props) {
  return (
    <footer className={styles.bar}>
      <ConnectionIndicator />
      <UnsentIndicator />
      <span className={styles.position}>
        {position.found && position.found.count > 0 && (
          <>
            <span className={utilities.desktopOnly}>{t('statusBar.row')} </span>
            {t('statusBar.position', { row: position.row + 1, total: formatTotal(position.found) })}
          </>
        )}
      </span>
      <GoToPage position={position} inputRef={goToPageRef} grid={commands.grid} />
      <button type="button" className={styles.button} aria-label={t('statusBar.trash')} onClick={commands.openTrash}>
        <Icon name="trash" />
        <span className={utilities.desktopOnly}>{t('statusBar.trash')}</span>
      </button>
    </footer>
  );
}
