/** A searchable menu of every command of the page. */
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useEffect, useMemo } from 'react';
import { ORDER_LABELS, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import { chooseLanguage } from '@/features/language/chooseLanguage';
import { MAX_PRINTED_TASKS } from '@/features/print/printRequest';
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
      title="Command menu"
      actions={actions}
      shortcut={null}
      nothingFound="No matching commands"
      highlightQuery
      scrollable
      maxHeight={380}
      clearQueryOnClose
      onSpotlightClose={onClose}
      transitionProps={{ duration: 100 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      searchProps={{
        placeholder: 'Type a command…',
        'aria-label': 'Command',
        leftSection: <Icon name="search" />,
      }}
    />
  );
}

function action(id: string, label: string, icon: IconName, onClick: () => void) {
  return { id, label, leftSection: <Icon name={icon} />, onClick };
}

/** Delay an action that moves the focus until the palette has returned the focus. */
function focusAction(id: string, label: string, icon: IconName, run: () => void) {
  return action(id, label, icon, () => void setTimeout(run, CLOSING_MS));
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
    group: 'Tasks',
    actions: [
      focusAction('create', 'New task', 'plus', () => togglePanel('create')),
      focusAction('search', 'Search tasks', 'search', focusSearch),
      action('undo', 'Undo', 'undo', undo),
      action('redo', 'Redo', 'redo', redo),
      focusAction('history', 'Show changes to undo or redo', 'undo', () => togglePanel('history')),
      focusAction('trash', 'Open trash', 'trash', openTrash),
      action('copy-link', 'Copy link to task', 'link', () => grid.current?.copyLink()),
      action('select-all', 'Select all tasks of the view', 'check', () => grid.current?.selectAll()),
      focusAction('status', 'Set status…', 'list', () => grid.current?.openMenu('status')),
      focusAction('priority', 'Set priority…', 'list', () => grid.current?.openMenu('priority')),
      focusAction('expiry', 'Set expiry…', 'clock', () => grid.current?.openMenu('expiresAt')),
    ],
  };
}

function navigationActions({ focusGoToPage, grid }: PageCommands): SpotlightActionGroupData {
  return {
    group: 'Go to',
    actions: [
      focusAction('page', 'Go to page…', 'list', focusGoToPage),
      focusAction('first', 'Go to first task', 'list', () => grid.current?.goToRow(0)),
      focusAction('last', 'Go to last task', 'list', () => grid.current?.goToRow(Infinity)),
    ],
  };
}

function viewActions({ setView, togglePanel, clearFilter }: PageCommands): SpotlightActionGroupData {
  const statuses = selectOptions(STATUS_LABELS).map(({ value, label }) =>
    action(value, `Filter by status: ${label}`, 'list', () => void setView({ status: value, row: null })),
  );
  const orders = selectOptions(ORDER_LABELS).map(({ value, label }) =>
    action(value, `Sort by: ${label}`, 'list', () => void setView({ order: value, q: null, row: null })),
  );
  const all = action('all', 'Filter by status: All', 'list', () => void setView({ status: null, row: null }));
  const filters = [
    focusAction('filter', t('filters.command'), 'filter', () => togglePanel('filter')),
    ...(clearFilter ? [action('clear-filters', t('filters.clear'), 'close', clearFilter)] : []),
  ];
  // The service sorts filtered tasks in one order only.
  return { group: 'View', actions: [all, ...statuses, ...filters, ...(clearFilter ? [] : orders)] };
}

function pageActions({ togglePanel, printTasks, colorScheme }: PageCommands): SpotlightActionGroupData {
  return {
    group: 'Page',
    actions: [
      ...themeOptions().map(({ value, label }) =>
        action(`theme-${value}`, t('theme.command', { name: label }), THEME_ICONS[value], () =>
          colorScheme.choose(value),
        ),
      ),
      focusAction('print', t('print.command', { limit: MAX_PRINTED_TASKS }), 'print', printTasks),
      focusAction('help', 'Show keyboard shortcuts', 'help', () => togglePanel('help')),
      ...languageActions(),
    ],
  };
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
    group: 'For developers',
    actions: [
      focusAction('insight', 'Show insight: what the rows on screen cost', 'gauge', () => togglePanel('insight')),
      action('playground', 'Open the GraphQL playground', 'code', () => window.location.assign('/graphql')),
    ],
  };
}
