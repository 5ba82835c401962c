/** The commands of the list that act on the selected tasks, or else on the open task, or else on the active one. */
import { useApolloClient } from '@apollo/client/react';
import { useState } from 'react';
import { isEmpty, MAX_OPTIMISTIC_TASKS, tasksWithIds } from '@/features/bulk-actions/selection';
import type { Selection } from '@/features/bulk-actions/useSelection';
import type { TaskActions } from '@/features/bulk-actions/useTaskActions';
import type { TaskSet } from '@/features/bulk-changes/taskSet';
import type { FieldMenuRequest } from '@/features/field-menu/fieldMenuRequest';
import { checkCanWrite } from '@/features/identity/permissions';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { copyTaskLink } from '@/features/tasks/taskLink';
import { t } from '@/ui/messages';
import { showToast } from '@/ui/toast';
import { rowElementId } from './TaskRow';

/** How far from the left end of its row a menu opens. */
const MENU_INDENT_PX = 64;

interface Options {
  selection: Selection;
  actions: TaskActions;
  activeRow: number;
  activeId: string | undefined;
  openId: string | null;
  focus: () => void;
}

export type TaskCommands = ReturnType<typeof useTaskCommands>;

export function useTaskCommands({ selection, actions, activeRow, activeId, openId, focus }: Options) {
  const client = useApolloClient();
  const [menu, setMenu] = useState<FieldMenuRequest>();
  const [focusedBefore, setFocusedBefore] = useState<Element | null>(null);
  const currentId = openId ?? activeId;
  const withTargets = (run: (tasks: TaskSet) => void) => () => {
    if (!isEmpty(selection.tasks)) run(selection.tasks);
    else if (currentId !== undefined) run(tasksWithIds([currentId]));
    else showToast(t('list.selectFirst'));
  };
  const withWritableTargets = (run: (tasks: TaskSet) => void) => () => checkCanWrite() && withTargets(run)();
  const openMenuOf = (tasks: TaskSet, field: FieldMenuRequest['field'], anchor: FieldMenuRequest['anchor']) => {
    const ids = tasks.range ? [] : [...tasks.included].slice(0, MAX_OPTIMISTIC_TASKS);
    const known = ids.flatMap((id) => readTaskRow(client, id) ?? []);
    const onlyTask = ids.length === 1 ? known[0] : undefined;
    setFocusedBefore(document.activeElement);
    setMenu({
      field,
      anchor,
      current: onlyTask,
      known,
      onPick: (edit) => actions.change(tasks, edit),
    });
  };
  const openMenu = (field: FieldMenuRequest['field'], anchor = anchorAtRow(activeRow)) =>
    withWritableTargets((tasks) => openMenuOf(tasks, field, anchor))();
  const closeMenu = () => {
    setMenu(undefined);
    const element = focusedBefore?.isConnected && focusedBefore !== document.body ? focusedBefore : undefined;
    if (element instanceof HTMLElement) element.focus({ preventScroll: true });
    else focus();
  };
  return {
    menu,
    openMenu,
    openMenuOf,
    closeMenu,
    toggleCompleted: withWritableTargets(actions.toggleCompleted),
    deleteTasks: withWritableTargets((tasks) => actions.change(tasks, { kind: 'delete' })),
    copyLink: () => {
      if (currentId !== undefined) void copyTaskLink(currentId);
      else showToast(t('list.selectFirst'));
    },
  };
}

/** Return the place below a row, or near the top of the window if the row is not on screen. */
function anchorAtRow(row: number): FieldMenuRequest['anchor'] {
  const box = document.getElementById(rowElementId(row))?.checkVisibility({ visibilityProperty: true })
    ? document.getElementById(rowElementId(row))?.getBoundingClientRect()
    : undefined;
  if (!box) return { left: window.innerWidth / 3, top: window.innerHeight / 4 };
  return { left: box.left + MENU_INDENT_PX, top: box.bottom };
}
