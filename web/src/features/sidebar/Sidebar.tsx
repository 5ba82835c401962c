/** The lists with the number of their tasks, and the saved views. A choice shows its tasks; a dragged task moves to a list. */
import { useApolloClient, useQuery } from '@apollo/client/react';
import { Drawer } from '@mantine/core';
import { type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useState } from 'react';
import { type Facet, MAX_FACETS, useFacets } from '@/features/facets/useFacets';
import { NO_CONDITIONS } from '@/features/filters/conditions';
import { savedViews, watchSavedViews } from '@/features/saved-views/savedViews';
import { taskDrag } from '@/features/task-drag/taskDrag';
import type { SetView, View } from '@/features/task-list/taskView';
import { openQuery, queryOf } from '@/features/task-list/viewQuery';
import { listsDialogOpened } from '@/features/task-lists/listsDialog';
import { formatTaskCount } from '@/features/tasks/labels';
import { sortLists } from '@/features/tasks/sortedLists';
import { readAllTaskLists, type TaskList, taskLists } from '@/features/tasks/taskLists';
import { TaskCountsDocument, type TaskStatus } from '@/gql';
import { useEscapeKey } from '@/ui/escapeKey';
import { formatCount } from '@/ui/format';
import { Icon, type IconName } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './Sidebar.module.css';

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

export function Sidebar({ view, setView, onManageViews, onChosen = () => {} }: Props) {
  const { q, status } = view;
  const { lists, counts } = useCountedLists(status);
  const all = useAllCount(status);
  const views = useStore(savedViews);
  useEffect(watchSavedViews, []);
  const current = q === '' ? queryOf(view) : undefined;
  const base = { ...NO_CONDITIONS, status, order: view.order };
  const entry = (query: string) => ({
    query,
    current: query === current,
    onChoose: () => {
      openQuery(query, setView);
      onChosen();
    },
  });
  const listEntry = (list: TaskList) => (
    <Entry
      key={list.id}
      {...entry(queryOf({ ...base, list: list.id }))}
      icon="folder"
      count={countOf(counts, list.id)}
      dropList={list.archivedAt === null ? list.id : undefined}
    >
      {list.name}
    </Entry>
  );
  const inUse = lists.filter(({ archivedAt }) => archivedAt === null);
  const archived = lists.filter(({ archivedAt }) => archivedAt !== null);
  return (
    <div className={styles.content} onKeyDown={moveFocus}>
      <ul>
        <Entry {...entry(queryOf(base))} icon="list" count={all}>
          {t('views.allTasks')}
        </Entry>
      </ul>
      <Heading
        text={t('sidebar.lists')}
        action={t('sidebar.manageLists')}
        onAction={() => listsDialogOpened.set(true)}
      />
      {inUse.length === 0 ? <p className={styles.hint}>{t('sidebar.noLists')}</p> : <ul>{inUse.map(listEntry)}</ul>}
      {archived.length > 0 && <ArchivedLists count={archived.length}>{archived.map(listEntry)}</ArchivedLists>}
      <Heading text={t('sidebar.savedViews')} action={t('sidebar.manageViews')} onAction={onManageViews} />
      {views.length === 0 ? (
        <p className={styles.hint}>{t('sidebar.noViews')}</p>
      ) : (
        <ul>
          {views.map(({ id, name, query }) => (
            <Entry key={id} {...entry(query)} icon="filter">
              {name}
            </Entry>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Return all lists by name, and the number of their tasks with this status. */
function useCountedLists(status: TaskStatus | null): { lists: TaskList[]; counts: readonly Facet[] | undefined } {
  const client = useApolloClient();
  const { facets } = useFacets({ by: 'LIST', where: status && { status } });
  useEffect(() => {
    // Someone may have created a list. Without an answer, the sidebar has the lists that the page knows.
    const unknown = facets?.some(({ value }) => !taskLists.get().has(value)) ?? true;
    if (unknown) readAllTaskLists(client).catch(() => undefined);
  }, [client, facets]);
  return { lists: sortLists([...useStore(taskLists).values()]), counts: facets };
}

/** A list that the answer leaves out has no tasks, unless the answer is not complete. */
function countOf(facets: readonly Facet[] | undefined, id: string): number | undefined {
  const found = facets?.find(({ value }) => value === id)?.count;
  return found ?? (facets && facets.length < MAX_FACETS ? 0 : undefined);
}

/** The number of all tasks, which the tabs keep up to date. */
function useAllCount(status: TaskStatus | null): number | undefined {
  const { data } = useQuery(TaskCountsDocument, { fetchPolicy: 'cache-only' });
  const counts = data?.taskCounts;
  if (!counts || status === null) return counts?.all;
  return { TODO: counts.todo, IN_PROGRESS: counts.inProgress, DONE: counts.done }[status];
}

interface EntryProps {
  query: string;
  current: boolean;
  icon: IconName;
  count?: number | undefined;
  /** The id of the list that tasks can be dropped on. */
  dropList?: string | undefined;
  onChoose: () => void;
  children: string;
}

/** A link, so that the browser can open it in another tab. */
function Entry({ query, current, icon, count, dropList, onChoose, children }: EntryProps) {
  const isOver = useStore(taskDrag)?.over === dropList && dropList !== undefined;
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onChoose();
  };
  return (
    <li>
      <a
        href={`/${query}`}
        className={styles.entry}
        data-over={isOver}
        {...(dropList === undefined ? {} : { 'data-drop-list': dropList })}
        {...(current ? { 'aria-current': 'page' } : {})}
        onClick={onClick}
      >
        <Icon name={icon} />
        <span className={styles.name} dir="auto" title={children}>
          {children}
        </span>
        {count !== undefined && (
          <span className={styles.count} title={formatTaskCount(count)}>
            {formatCount(count)}
          </span>
        )}
      </a>
    </li>
  );
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
