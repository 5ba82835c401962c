import type { RefObject } from 'react';
import type { GridHandle } from '@/features/task-list/gridHandle';
import type { SetView } from '@/features/task-list/taskView';
import type { ColorScheme } from '@/ui/useColorScheme';

/** The dialogs and panels of the page. At most one is open at a time. */
export type PagePanel =
  | 'create'
  | 'help'
  | 'palette'
  | 'filter'
  | 'metrics'
  | 'history'
  | 'account'
  | 'tokens'
  | 'audit'
  | 'sidebar'
  | 'savedViews';

/** The actions of the page that the header, the status bar and the command palette start. */
export interface PageCommands {
  /** Open a panel, or close it if it is open. */
  togglePanel: (panel: PagePanel) => void;
  undo: () => void;
  redo: () => void;
  openTrash: () => void;
  /** Show the sidebar and move the focus there. Hide it if it has the focus already, or if its button was pressed. */
  toggleSidebar: (byButton?: boolean) => void;
  /** Load the first tasks of the view and print them. */
  printTasks: () => void;
  colorScheme: ColorScheme;
  setView: SetView;
  focusSearch: () => void;
  focusGoToPage: () => void;
  /** Undefined without a filter. */
  clearFilter: (() => void) | undefined;
  grid: RefObject<GridHandle | null>;
}
