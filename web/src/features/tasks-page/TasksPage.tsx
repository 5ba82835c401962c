'use client';

/** The page: what is in the URL decides what is shown; the keys that work everywhere are here. */
import { Tabs } from '@mantine/core';
import dynamic from 'next/dynamic';
import { useCallback, useEffect, useRef, useState } from 'react';
import { conflict } from '@/features/task-editing/editConflict';
import { watchBrowser } from '@/apollo/webSocketClient';
import { useStore } from '@/ui/store';
import { takeBack } from '@/features/task-editing/undoStack';
import { type GridHandle, type GridPlace, TaskGrid } from '@/features/task-list/TaskGrid';
import { goesByFields, useView, viewKey } from '@/features/task-list/taskView';
import { useCounts } from '@/features/live-updates/useTaskCounts';
import { useHealth } from '@/features/connection/useHealthCheck';
import { useTaskChanges } from '@/features/live-updates/useTaskEvents';
import { Banners } from '@/features/connection/ConnectionBanner';
import { Header } from './Header';
import { tell } from '@/ui/toast';
import styles from './TasksPage.module.css';
import { StatusBar } from './StatusBar';
import { useOnce } from '@/ui/useOnceNeeded';
import { useShortcuts } from '@/ui/useShortcuts';
import { useTheme } from '@/ui/useColorScheme';

const TaskDrawer = dynamic(() => import('@/features/task-drawer/TaskDrawer').then((module) => module.TaskDrawer), { ssr: false });
const CreateDialog = dynamic(() => import('@/features/create-task/CreateTaskDialog').then((module) => module.CreateDialog), {
  ssr: false,
});
const ConflictDialog = dynamic(() => import('@/features/edit-conflict/ConflictDialog').then((module) => module.ConflictDialog), {
  ssr: false,
});
const Help = dynamic(() => import('@/features/keyboard-help/KeyboardHelp').then((module) => module.Help), { ssr: false });
const Palette = dynamic(() => import('@/features/command-palette/CommandPalette').then((module) => module.Palette), { ssr: false });
const Insight = dynamic(() => import('@/features/insight/InsightPanel').then((module) => module.Insight), { ssr: false });

export type Panel = 'create' | 'help' | 'palette' | 'insight';

const NOWHERE: GridPlace = { row: 0, total: 0, counted: false, measureKeys: [] };

export function TasksPage() {
  const [view, setView] = useView();
  const counts = useCounts();
  const [panel, setPanel] = useState<Panel>();
  const [place, setPlace] = useState(NOWHERE);
  const grid = useRef<GridHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const goTo = useRef<HTMLInputElement>(null);
  const theme = useTheme();
  useHealth();
  useTaskChanges(goesByFields(view));
  useEffect(watchBrowser, []);

  const used = {
    drawer: useOnce(view.task !== null),
    create: useOnce(panel === 'create'),
    help: useOnce(panel === 'help'),
    palette: useOnce(panel === 'palette'),
    conflict: useOnce(useStore(conflict) !== undefined),
  };

  const show = useCallback((next: Panel) => setPanel((now) => (now === next ? undefined : next)), []);
  const close = useCallback(() => setPanel(undefined), []);
  const undo = useCallback(() => {
    if (!takeBack()) tell('There is nothing to undo.');
  }, []);
  useShortcuts({
    c: () => show('create'),
    '?': () => show('help'),
    i: () => show('insight'),
    'mod+k': () => show('palette'),
    'mod+z': undo,
    '/': () => search.current?.focus(),
    g: () => goTo.current?.focus(),
  });

  const commands = {
    show,
    undo,
    theme,
    setView,
    focusSearch: () => search.current?.focus(),
    focusGoTo: () => goTo.current?.focus(),
    grid,
  };
  // A search looks through all of them.
  const status = view.q ? 'ALL' : (view.status ?? 'ALL');
  return (
    <Tabs
      value={status}
      onChange={(next) =>
        void setView({ status: next === 'ALL' ? null : (next as typeof view.status), q: null, row: null })
      }
      classNames={{ root: styles.page, panel: styles.panel }}
      keepMounted={false}
      activateTabWithKeyboard
    >
      <Header view={view} counts={counts} commands={commands} search={search} />
      <main className={styles.main}>
        <Banners />
        <Tabs.Panel value={status}>
          <TaskGrid
            key={viewKey(view)}
            view={view}
            setView={setView}
            handleRef={grid}
            onPlace={setPlace}
            onCreate={() => show('create')}
          />
        </Tabs.Panel>
        {panel === 'insight' && (
          <Insight keys={place.measureKeys} onClose={close} onRefetch={() => grid.current?.refetch()} />
        )}
      </main>
      <StatusBar place={place} goTo={goTo} commands={commands} insight={panel === 'insight'} />
      {used.drawer && <TaskDrawer id={view.task} onClose={() => void setView({ task: null })} />}
      {used.create && <CreateDialog opened={panel === 'create'} onClose={close} />}
      {used.help && <Help opened={panel === 'help'} onClose={close} />}
      {used.palette && <Palette opened={panel === 'palette'} commands={commands} onClose={close} />}
      {used.conflict && <ConflictDialog />}
    </Tabs>
  );
}

/** What the header, the palette and the status bar can start. */
export interface Commands {
  show: (panel: Panel) => void;
  undo: () => void;
  theme: ReturnType<typeof useTheme>;
  setView: ReturnType<typeof useView>[1];
  focusSearch: () => void;
  focusGoTo: () => void;
  grid: React.RefObject<GridHandle | null>;
}
