/** The dialogs of the task page. */
import { AuditDialog, TokensDialog } from '@/features/administration/parts';
import type { PageCommands, PagePanel } from '@/features/command-palette/commands';
import { useConflictOpened } from '@/features/edit-conflict/useConflictOpened';
import { AccountDialog } from '@/features/identity/parts';
import { listsDialogOpened } from '@/features/task-lists/listsDialog';
import { useStore } from '@/ui/store';
import { useLatch } from '@/ui/useLatch';
import {
  CommandPalette,
  ConflictDialog,
  CreateTaskDialog,
  HistoryDialog,
  KeyboardHelp,
  ListsDialog,
  SavedViewsDialog,
  TrashDialog,
} from './parts';

interface DialogsProps {
  /** The view on screen as the URL writes it, and its name. */
  query: string;
  viewName: string;
  trashOpen: boolean;
  onCloseTrash: () => void;
  panel: PagePanel | undefined;
  onClosePanel: () => void;
  commands: PageCommands;
}

/** Every dialog that was opened once. A closed dialog stays mounted, so that it can animate and keep its state. */
export function Dialogs({ query, viewName, trashOpen, onCloseTrash, panel, onClosePanel, commands }: DialogsProps) {
  const createNeeded = useLatch(panel === 'create');
  const helpNeeded = useLatch(panel === 'help');
  const paletteNeeded = useLatch(panel === 'palette');
  const historyNeeded = useLatch(panel === 'history');
  const accountNeeded = useLatch(panel === 'account');
  const tokensNeeded = useLatch(panel === 'tokens');
  const auditNeeded = useLatch(panel === 'audit');
  const viewsNeeded = useLatch(panel === 'savedViews');
  const trashNeeded = useLatch(trashOpen);
  const listsOpened = useStore(listsDialogOpened);
  const listsNeeded = useLatch(listsOpened);
  const conflictOpened = useConflictOpened();
  const conflictNeeded = useLatch(conflictOpened);
  return (
    <>
      {createNeeded && <CreateTaskDialog opened={panel === 'create'} onClose={onClosePanel} />}
      {helpNeeded && <KeyboardHelp opened={panel === 'help'} onClose={onClosePanel} />}
      {paletteNeeded && <CommandPalette opened={panel === 'palette'} commands={commands} onClose={onClosePanel} />}
      {historyNeeded && <HistoryDialog opened={panel === 'history'} onClose={onClosePanel} />}
      {accountNeeded && (
        <AccountDialog opened={panel === 'account'} onClose={onClosePanel} onOpen={commands.togglePanel} />
      )}
      {tokensNeeded && <TokensDialog opened={panel === 'tokens'} onClose={onClosePanel} />}
      {auditNeeded && <AuditDialog opened={panel === 'audit'} onClose={onClosePanel} />}
      {viewsNeeded && (
        <SavedViewsDialog
          opened={panel === 'savedViews'}
          query={query}
          suggestedName={viewName}
          onClose={onClosePanel}
        />
      )}
      {trashNeeded && <TrashDialog opened={trashOpen} onClose={onCloseTrash} />}
      {listsNeeded && <ListsDialog opened={listsOpened} />}
      {conflictNeeded && <ConflictDialog opened={conflictOpened} />}
    </>
  );
}
