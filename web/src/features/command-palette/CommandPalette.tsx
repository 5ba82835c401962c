/** A searchable menu of every command of the page. */
import { Kbd } from '@mantine/core';
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useEffect, useMemo } from 'react';
import { session } from '@/apollo/session';
import { listsDialogOpened } from '@/features/task-lists/listsDialog';
import { ORDER_LABELS, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import { keyName } from '@/features/keyboard-help/keyName';
import { chooseLanguage } from '@/features/language/chooseLanguage';
import { MAX_PRINTED_TASKS } from '@/features/print/printRequest';
import { useEscapeKey } from '@/ui/escapeKey';
import { Icon, type IconName } from '@/ui/icons';
import { type Language, LANGUAGES } from '@/ui/language';
import { t } from '@/ui/messages';
import { THEME_ICONS, themeOptions } from '@/ui/theme';
import type { PageCommands } from './commands';

const [store, spotlight] = createSpotlight();
/** The time that the palette takes to close and return the focus. */
const CLOSING_MS = 150;
const LANGUAGE_KEYWORDS = ['language', 'Sprache'];

interface Props {
  opened: boolean;
  commands: PageCommands;
  onClose: () => void;
}

export function CommandPalette({ opened, commands, onClose }: Props) {
  useEscapeKey(opened, onClose);
  useEffect(() => {
    if (opened) spotlight.open();
    else spotlight.close();
  }, [opened]);
  const actions = useMemo(
    () => [
      taskActions(commands),
      navigationActions(commands),
      viewActions(commands),
      pageActions(commands),
      developerActions(commands),
    ],
    [commands],
  );
  return (
    <Spotlight
      store={store}
      title={t('commands.title')}
      actions={actions}
      shortcut={null}
      closeOnEscape={false}
      inert={!opened}
      nothingFound={t('commands.nothingFound')}
      highlightQuery
      scrollable
      maxHeight={380}
      clearQueryOnClose
      onSpotlightClose={onClose}
      transitionProps={{ duration: 100 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      searchProps={{
        placeholder: t('commands.placeholder'),
        'aria-label': t('commands.field'),
        leftSection: <Icon name="search" />,
      }}
    />
  );
}

/** `keys` is the shortcut that does the same without the palette. */
function action(id: string, label: string, icon: IconName, onClick: () => void, keys?: string) {
  const rightSection = keys && (
    <Kbd size="xs" aria-hidden>
      {keyName(keys)}
    </Kbd>
  );
  return { id, label, leftSection: <Icon name={icon} />, rightSection, onClick };
}

/** Delay an action that moves the focus until the palette has returned the focus. */
function focusAction(id: string, label: string, icon: IconName, run: () => void, keys?: string) {
  return action(id, label, icon, () => void setTimeout(run, CLOSING_MS), keys);
}

function taskActions({
  togglePanel,
  undo,
  redo,
  openTrash,
  focusSearch,
  grid,
}: PageCommands): SpotlightActionGroupData {
  return {
    group: t('commands.group.tasks'),
    actions: [
      focusAction('create', t('tasks.new'), 'plus', () => togglePanel('create'), 'C'),
      focusAction('search', t('search.field'), 'search', focusSearch, '/'),
      action('undo', t('actions.undo'), 'undo', undo, 'Ctrl+Z'),
      action('redo', t('actions.redo'), 'redo', redo, 'Ctrl+Shift+Z'),
      focusAction('history', t('commands.history'), 'undo', () => togglePanel('history')),
      focusAction('trash', t('commands.trash'), 'trash', openTrash),
      action('copy-link', t('keyboardHelp.copyLink'), 'link', () => grid.current?.copyLink(), 'L'),
      action('select-all', t('keyboardHelp.selectAll'), 'check', () => grid.current?.selectAll(), 'Ctrl+A'),
      focusAction('status', t('rowMenu.setStatus'), 'list', () => grid.current?.openMenu('status'), 'S'),
      focusAction('priority', t('rowMenu.setPriority'), 'list', () => grid.current?.openMenu('priority'), 'P'),
      focusAction('list', t('rowMenu.setList'), 'folder', () => grid.current?.openMenu('listId'), 'M'),
      focusAction('assignee', t('rowMenu.setAssignee'), 'user', () => grid.current?.openMenu('assignee'), 'A'),
      focusAction('labels', t('rowMenu.setLabels'), 'tag', () => grid.current?.openMenu('labels'), 'B'),
      focusAction('due', t('rowMenu.setDue'), 'calendar', () => grid.current?.openMenu('dueAt'), 'T'),
      focusAction('lists', t('lists.manage'), 'folder', () => listsDialogOpened.set(true)),
      focusAction('expiry', t('rowMenu.setExpiry'), 'clock', () => grid.current?.openMenu('expiresAt'), 'D'),
    ],
  };
}

function navigationActions({ focusGoToPage, grid }: PageCommands): SpotlightActionGroupData {
  return {
    group: t('commands.group.goTo'),
    actions: [
      focusAction('page', t('commands.goToPage'), 'list', focusGoToPage, 'G'),
      focusAction('first', t('commands.firstTask'), 'list', () => grid.current?.goToRow(0), 'Home'),
      focusAction('last', t('commands.lastTask'), 'list', () => grid.current?.goToRow(Infinity), 'End'),
    ],
  };
}

function viewActions({ setView, togglePanel, toggleSidebar, clearFilter }: PageCommands): SpotlightActionGroupData {
  const statuses = selectOptions(STATUS_LABELS).map(({ value, label }) =>
    action(
      value,
      t('commands.filterByStatus', { status: label }),
      'list',
      () => void setView({ status: value, row: null }),
    ),
  );
  const orders = selectOptions(ORDER_LABELS).map(({ value, label }) =>
    action(
      value,
      t('commands.sortBy', { order: label }),
      'list',
      () => void setView({ order: value, q: null, row: null }),
    ),
  );
  const all = action(
    'all',
    t('commands.filterByStatus', { status: t('views.all') }),
    'list',
    () => void setView({ status: null, row: null }),
  );
  const filters = [
    focusAction('filter', t('filters.command'), 'filter', () => togglePanel('filter'), 'F'),
    focusAction('sidebar', t('sidebar.name'), 'sidebar', toggleSidebar, 'V'),
    focusAction('saved-views', t('sidebar.manageViews'), 'filter', () => togglePanel('savedViews')),
    ...(clearFilter ? [action('clear-filters', t('filters.clear'), 'close', clearFilter)] : []),
  ];
  // The service sorts filtered tasks in one order only.
  return { group: t('commands.group.view'), actions: [all, ...statuses, ...filters, ...(clearFilter ? [] : orders)] };
}

function pageActions({ togglePanel, printTasks, colorScheme }: PageCommands): SpotlightActionGroupData {
  return {
    group: t('commands.group.page'),
    actions: [
      ...themeOptions().map(({ value, label }) =>
        action(`theme-${value}`, t('theme.command', { name: label }), THEME_ICONS[value], () =>
          colorScheme.choose(value),
        ),
      ),
      focusAction('print', t('print.command', { limit: MAX_PRINTED_TASKS }), 'print', printTasks, 'Ctrl+P'),
      ...accountActions(togglePanel),
      focusAction('help', t('commands.keyboardHelp'), 'help', () => togglePanel('help'), '?'),
      ...languageActions(),
    ],
  };
}

/** Without identity there is no account. */
function accountActions(togglePanel: PageCommands['togglePanel']) {
  if (session.get().viewer === null) return [];
  return [focusAction('account', t('session.account'), 'user', () => togglePanel('account'))];
}

function languageActions() {
  return (Object.entries(LANGUAGES) as [Language, string][]).map(([language, name]) => ({
    ...action(`language-${language}`, t('language.command', { name }), 'globe', () => void chooseLanguage(language)),
    // For a person who does not understand the present language.
    keywords: LANGUAGE_KEYWORDS,
  }));
}

function developerActions({ togglePanel }: PageCommands): SpotlightActionGroupData {
  return {
    group: t('keyboardHelp.group.developers'),
    actions: [
      focusAction('metrics', t('commands.requestMetrics'), 'gauge', () => togglePanel('metrics'), 'I'),
      ...insightActions(),
      action('playground', t('commands.playground'), 'code', () => window.location.assign('/graphql')),
    ],
  };
}

/** Without identity, everyone may see the page. */
function insightActions() {
  const { viewer } = session.get();
  if (viewer && !viewer.scopes.includes('admin')) return [];
  return [action('insight', t('commands.insight'), 'gauge', () => window.location.assign('/insight/'))];
}
