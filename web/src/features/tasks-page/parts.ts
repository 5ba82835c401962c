/** The dialogs and panels of the page whose code is loaded after the list. */
import { editConflicts, removeEditConflict } from '@/features/task-editing/editConflicts';
import { listsDialogOpened } from '@/features/task-lists/listsDialog';
import { lazyPart } from '@/features/lazy-parts/lazyPart';

export const TaskDrawer = lazyPart({
  importPart: () => import('@/features/task-drawer/TaskDrawer').then((module) => module.TaskDrawer),
  isOpen: ({ id }) => id !== null,
  close: ({ onClose }) => onClose(),
});

export const CreateTaskDialog = lazyPart({
  importPart: () => import('@/features/create-task/CreateTaskDialog').then((module) => module.CreateTaskDialog),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const ConflictDialog = lazyPart({
  importPart: () => import('@/features/edit-conflict/ConflictDialog').then((module) => module.ConflictDialog),
  isOpen: ({ opened }) => opened,
  close: () => {
    const [shown] = editConflicts.get();
    if (shown) removeEditConflict(shown);
  },
});

export const CommandPalette = lazyPart({
  importPart: () => import('@/features/command-palette/CommandPalette').then((module) => module.CommandPalette),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const KeyboardHelp = lazyPart({
  importPart: () => import('@/features/keyboard-help/KeyboardHelp').then((module) => module.KeyboardHelp),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const FilterMenu = lazyPart({
  importPart: () => import('@/features/filters/FilterMenu').then((module) => module.FilterMenu),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const FilterValuePicker = lazyPart({
  importPart: () => import('@/features/filters/FilterValuePicker').then((module) => module.FilterValuePicker),
  close: ({ onClose }) => onClose(),
});

/** The list does not wait for it. */
export const Sidebar = lazyPart({
  importPart: () => import('@/features/sidebar/Sidebar').then((module) => module.Sidebar),
  Fallback: () => null,
});

export const SidebarDrawer = lazyPart({
  importPart: () => import('@/features/sidebar/Sidebar').then((module) => module.SidebarDrawer),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const SavedViewsDialog = lazyPart({
  importPart: () => import('@/features/saved-views/SavedViewsDialog').then((module) => module.SavedViewsDialog),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const RequestMetricsPanel = lazyPart({
  importPart: () =>
    import('@/features/request-metrics/RequestMetricsPanel').then((module) => module.RequestMetricsPanel),
  close: ({ onClose }) => onClose(),
});

export const BulkProgress = lazyPart({
  importPart: () => import('@/features/bulk-actions/BulkProgress').then((module) => module.BulkProgress),
  Fallback: () => null,
});

export const HistoryDialog = lazyPart({
  importPart: () => import('@/features/history/HistoryDialog').then((module) => module.HistoryDialog),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});

export const ListsDialog = lazyPart({
  importPart: () => import('@/features/task-lists/ListsDialog').then((module) => module.ListsDialog),
  isOpen: ({ opened }) => opened,
  close: () => listsDialogOpened.set(false),
});

export const TrashDialog = lazyPart({
  importPart: () => import('@/features/trash/TrashDialog').then((module) => module.TrashDialog),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});
