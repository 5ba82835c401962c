'use client';

/** The task page. The URL decides which tasks it shows; this component owns the global shortcuts and the open panel. */
import { useApolloClient } from '@apollo/client/react';
import { Tabs } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { watchBrowserConnectivity } from '@/apollo/webSocketClient';
import { bulkJob, stopBulkChange } from '@/features/bulk-changes/bulkJob';
import type { PageCommands, PagePanel } from '@/features/command-palette/commands';
import { session } from '@/apollo/session';
import { ConnectionBanner } from '@/features/connection/ConnectionBanner';
import { useHealthCheck } from '@/features/connection/useHealthCheck';
import { hasConditions, type ValueCondition } from '@/features/filters/conditions';
import { FilterBar } from '@/features/filters/FilterBar';
import { SignedOutBanner } from '@/features/identity/parts';
import { checkCanWrite } from '@/features/identity/permissions';
import { KeptTextBanner } from '@/features/gone-task/KeptTextBanner';
import { useTaskEvents } from '@/features/live-updates/useTaskEvents';
import { NewBuildNotice } from '@/features/page-build/NewBuildNotice';
import { useBuildCheck } from '@/features/page-build/useBuildCheck';
import { usePrefetchedParts } from '@/features/lazy-parts/usePrefetchedParts';
import { PrintSheet } from '@/features/print/PrintSheet';
import { startPrinting } from '@/features/print/startPrinting';
import { parseQuery } from '@/features/search/searchQuery';
import { SearchSummary } from '@/features/search/SearchSummary';
import { queryOf } from '@/features/task-list/viewQuery';
import { DragBadge } from '@/features/task-drag/DragBadge';
import { redoLatest, undoLatest } from '@/features/task-editing/undoToast';
import { useOutbox } from '@/features/task-editing/useOutbox';
import { NothingToSearch } from '@/features/task-list/EmptyState';
import type { GridHandle, ListPosition } from '@/features/task-list/gridHandle';
import { TaskGrid } from '@/features/task-list/TaskGrid';
import {
  activeTab,
  dependsOnFields,
  tabStatus,
  useTrashParameter,
  useView,
  viewKey,
  viewName,
} from '@/features/task-list/taskView';
import { STATUS_LABELS } from '@/features/tasks/labels';
import { useTaskList } from '@/features/tasks/taskLists';
import { pressEarlyKeys } from '@/ui/earlyKeys';
import { useStore } from '@/ui/store';
import { useColorScheme } from '@/ui/useColorScheme';
import { useLatch } from '@/ui/useLatch';
import { useShortcuts } from '@/ui/useShortcuts';
import { Dialogs } from './Dialogs';
import { FilterDialogs } from './FilterDialogs';
import { Header } from './Header';
import { BulkProgress, RequestMetricsPanel, TaskDrawer } from './parts';
import { PageTitle } from './PageTitle';
import { focusSidebar, SidebarArea, sidebarHasFocus } from './SidebarArea';
import { StatusBar } from './StatusBar';
import styles from './TasksPage.module.css';
import { useFilter } from './useFilter';
import { showSidebar, useSidebar } from './useSidebar';
import { useTabCounts } from './useTabCounts';

const UNKNOWN_POSITION: ListPosition = { row: 0, total: 0, found: undefined, counted: false, metricsKeys: [] };

export function TasksPage() {
  const client = useApolloClient();
  const [view, setView] = useView();
  const filter = useFilter(view, setView);
  const [trash, setTrash] = useTrashParameter();
  const [panel, setPanel] = useState<PagePanel>();
  const [position, setPosition] = useState(UNKNOWN_POSITION);
  const searchRef = useRef<HTMLInputElement>(null);
  const [pickedCondition, setPickedCondition] = useState<ValueCondition>();
  const sidebar = useSidebar();
  const goToPageRef = useRef<HTMLInputElement>(null);
  const grid = useRef<GridHandle>(null);
  const closePanel = useCallback(() => setPanel(undefined), []);
  const commands: PageCommands = {
    togglePanel: useCallback((next) => {
      if (next === 'create' && !checkCanWrite()) return;
      setPanel((current) => (current === next ? undefined : next));
    }, []),
    undo: () => {
      stopBulkChange();
      void undoLatest();
    },
    redo: () => void redoLatest(),
    openTrash: () => void setTrash('1'),
    toggleSidebar: (byButton = false) => {
      if (!sidebar.beside) return setPanel((current) => (current === 'sidebar' ? undefined : 'sidebar'));
      const hides = sidebar.shown && (byButton || sidebarHasFocus());
      showSidebar(!hides);
      if (hides) grid.current?.focus();
      else focusSidebar();
    },
    printTasks: () => void startPrinting(client, view, position.counted ? position.total : undefined),
    colorScheme: useColorScheme(),
    setView,
    focusSearch: () => searchRef.current?.focus(),
    focusGoToPage: () => goToPageRef.current?.focus(),
    clearFilter: hasConditions(filter.conditions) ? filter.clear : undefined,
    grid,
  };
  // The names of lists are read when a chip or the title needs them.
  useTaskList(view.list);
  useHealthCheck();
  useOutbox();
  useBuildCheck();
  usePrefetchedParts(position.metricsKeys.length > 0);
  useTaskEvents(dependsOnFields(view));
  useEffect(watchBrowserConnectivity, []);
  useEffect(() => void pressEarlyKeys(), []);
  usePageShortcuts(commands);
  const signedOut = useStore(session).status === 'signedOut';
  const drawerNeeded = useLatch(view.task !== null);

  const tab = activeTab(view);
  const canSearch = view.q === '' || parseQuery(view.q).text !== '';
  const { found } = canSearch ? position : UNKNOWN_POSITION;
  const counts = useTabCounts(view, found);
  return (
    <Tabs
      value={tab}
      onChange={(next) => void setView({ status: tabStatus(next), row: null })}
      classNames={{ root: styles.page, panel: styles.panel }}
      keepMounted={false}
      activateTabWithKeyboard
    >
      <PageTitle view={view} />
      <Header
        view={view}
        counts={counts}
        commands={commands}
        searchRef={searchRef}
        filterOpened={panel === 'filter'}
        sidebarOpened={sidebar.beside ? sidebar.shown : panel === 'sidebar'}
      />
      <main className={styles.main}>
        <ConnectionBanner />
        {signedOut && <SignedOutBanner />}
        <KeptTextBanner openId={view.task} onOpen={(id) => void setView({ task: id })} />
        {view.q && (
          <SearchSummary
            query={view.q}
            statusLabel={view.status === null ? undefined : STATUS_LABELS[view.status]}
            total={found}
            onClear={() => {
              void setView({ q: null, row: null }, { history: 'push' });
              grid.current?.focus();
            }}
          />
        )}
        <FilterBar
          conditions={filter.conditions}
          searching={view.q !== ''}
          onChange={filter.change}
          onOpenMenu={() => commands.togglePanel('filter')}
          onPickValue={setPickedCondition}
          onSave={() => commands.togglePanel('savedViews')}
        />
        <div className={styles.content} data-task-open={view.task !== null}>
          <SidebarArea view={view} commands={commands} drawerOpened={panel === 'sidebar'} onCloseDrawer={closePanel} />
          <Tabs.Panel value={tab}>
            {canSearch ? (
              <TaskGrid
                key={viewKey(view)}
                view={view}
                setView={setView}
                handleRef={grid}
                onPositionChange={setPosition}
                onCreate={() => commands.togglePanel('create')}
                onClearFilter={filter.clear}
              />
            ) : (
              <NothingToSearch query={view.q} />
            )}
          </Tabs.Panel>
          <BulkChange />
          {drawerNeeded && (
            <TaskDrawer
              id={view.task}
              onClose={() => void setView({ task: null })}
              onFocusLost={() => grid.current?.focus()}
            />
          )}
        </div>
        {panel === 'metrics' && (
          <RequestMetricsPanel
            metricsKeys={position.metricsKeys}
            onClose={closePanel}
            onRefetch={() => grid.current?.refetch()}
          />
        )}
        <NewBuildNotice />
      </main>
      <PrintSheet view={view} position={position} grid={grid} />
      <StatusBar position={canSearch ? position : UNKNOWN_POSITION} goToPageRef={goToPageRef} commands={commands} />
      <FilterDialogs
        view={view}
        filter={filter}
        menuOpened={panel === 'filter'}
        picked={pickedCondition}
        onPick={setPickedCondition}
        onCloseMenu={closePanel}
        grid={grid}
      />
      <DragBadge />
      <Dialogs
        query={queryOf(view)}
        viewName={viewName(view)}
        trashOpen={trash !== null}
        onCloseTrash={() => void setTrash(null)}
        panel={panel}
        onClosePanel={closePanel}
        commands={commands}
      />
    </Tabs>
  );
}

/** Its code is loaded once a bulk change runs, or when the browser is idle. */
function BulkChange() {
  const running = useStore(bulkJob) !== undefined;
  return useLatch(running) && <BulkProgress />;
}

function usePageShortcuts({ togglePanel, toggleSidebar, undo, redo, focusSearch, focusGoToPage }: PageCommands): void {
  useShortcuts({
    c: () => togglePanel('create'),
    '?': () => togglePanel('help'),
    i: () => togglePanel('metrics'),
    'mod+k': () => togglePanel('palette'),
    'mod+z': undo,
    'mod+shift+z': redo,
    'mod+y': redo,
    '/': focusSearch,
    f: () => togglePanel('filter'),
    v: () => toggleSidebar(),
    g: focusGoToPage,
  });
}
