/** The lists with the number of their tasks, and the saved views. A choice shows its tasks; a dragged task moves to a list. */
import { useQuery } from '@apollo/client/react';
import { Drawer } from '@mantine/core';
import { type KeyboardEvent, memo, type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import { NO_CONDITIONS } from '@/features/filters/conditions';
import { savedViews, watchSavedViews } from '@/features/saved-views/savedViews';
import type { SetView, View } from '@/features/task-list/taskView';
import { openQuery, queryOf } from '@/features/task-list/viewQuery';
import { listsDialogOpened } from '@/features/task-lists/listsDialog';
import { TaskCountsDocument, type TaskStatus } from '@/gql';
import { useEscapeKey } from '@/ui/escapeKey';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './Sidebar.module.css';
import { SidebarEntry } from './SidebarEntry';
import { useCountedLists } from './useCountedLists';

interface Props {
  view: View;
  setView: SetView;
  onManageViews: () => void;
  /** Called after a choice. */
  onChosen?: () => void;
}

interface DrawerProps extends Props {
  opened: boolean;
  onClose: () => void;
}

/** The sidebar above the page, on a narrow screen. */
export function SidebarDrawer({ opened, onClose, ...props }: DrawerProps) {
  useEscapeKey(opened, onClose);
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      closeOnEscape={false}
      title={t('sidebar.name')}
      size="min(300px, 85vw)"
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
      inert={!opened}
    >
      {opened && (
        <nav aria-label={t('sidebar.name')}>
          <Sidebar {...props} onChosen={onClose} />
        </nav>
      )}
    </Drawer>
  );
}

export function Sidebar({ view, setView, onManageViews, onChosen }: Props) {
  const { q, status, order } = view;
  const all = useAllCount(status);
  const views = useStore(savedViews);
  useEffect(watchSavedViews, []);
  const onChoose = useCallback(
    (query: string) => {
      openQuery(query, setView);
      onChosen?.();
    },
    [setView, onChosen],
  );
  const current = q === '' ? queryOf(view) : undefined;
  const entry = (query: string) => ({ query, current: query === current, onChoose });
  return (
    <div className={styles.content} onKeyDown={moveFocus}>
      <ul>
        <SidebarEntry {...entry(queryOf({ ...NO_CONDITIONS, status, order }))} icon="list" count={all}>
          {t('views.allTasks')}
        </SidebarEntry>
      </ul>
      <Heading
        text={t('sidebar.lists')}
        action={t('sidebar.manageLists')}
        onAction={() => listsDialogOpened.set(true)}
      />
      <Lists status={status} order={order} current={current} onChoose={onChoose} />
      <Heading text={t('sidebar.savedViews')} action={t('sidebar.manageViews')} onAction={onManageViews} />
      {views.length === 0 ? (
        <p className={styles.hint}>{t('sidebar.noViews')}</p>
      ) : (
        <ul>
          {views.map(({ id, name, query }) => (
            <SidebarEntry key={id} {...entry(query)} icon="filter">
              {name}
            </SidebarEntry>
          ))}
        </ul>
      )}
    </div>
  );
}

interface ListsProps extends Pick<View, 'status' | 'order'> {
  /** The query of the view that the page shows. Undefined in a search. */
  current: string | undefined;
  onChoose: (query: string) => void;
}

const Lists = memo(function Lists({ status, order, current, onChoose }: ListsProps) {
  const lists = useCountedLists(status);
  const entries = useMemo(
    () => lists.map((list) => ({ ...list, query: queryOf({ ...NO_CONDITIONS, status, order, list: list.id }) })),
    [lists, status, order],
  );
  const draw = (archived: boolean) =>
    entries
      .filter(({ archivedAt }) => (archivedAt !== null) === archived)
      .map(({ id, name, count, query }) => (
        <SidebarEntry
          key={id}
          query={query}
          current={query === current}
          icon="folder"
          count={count}
          dropList={archived ? undefined : id}
          onChoose={onChoose}
        >
          {name}
        </SidebarEntry>
      ));
  const [inUse, archived] = [draw(false), draw(true)];
  return (
    <>
      {inUse.length === 0 ? <p className={styles.hint}>{t('sidebar.noLists')}</p> : <ul>{inUse}</ul>}
      {archived.length > 0 && <ArchivedLists count={archived.length}>{archived}</ArchivedLists>}
    </>
  );
});

/** The number of all tasks, which the tabs keep up to date. */
function useAllCount(status: TaskStatus | null): number | undefined {
  const { data } = useQuery(TaskCountsDocument, { fetchPolicy: 'cache-only' });
  const counts = data?.taskCounts;
  if (!counts || status === null) return counts?.all;
  return { TODO: counts.todo, IN_PROGRESS: counts.inProgress, DONE: counts.done }[status];
}

function Heading({ text, action, onAction }: { text: string; action: string; onAction: () => void }) {
  return (
    <div className={styles.heading}>
      <h2>{text}</h2>
      <button type="button" aria-label={action} title={action} aria-haspopup="dialog" onClick={onAction}>
        <Icon name="pencil" />
      </button>
    </div>
  );
}

function ArchivedLists({ count, children }: { count: number; children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <button type="button" className={styles.archived} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon name="archive" />
        {t('sidebar.archived', { count })}
      </button>
      {opened && <ul>{children}</ul>}
    </>
  );
}

/** The arrow keys move the focus between the entries and buttons. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const controls = [...event.currentTarget.querySelectorAll<HTMLElement>('a, button')];
  const index = controls.findIndex((control) => control === document.activeElement);
  if (index < 0) return;
  event.preventDefault();
  controls[index + step]?.focus();
}
