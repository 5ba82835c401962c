/** The header: status tabs with their totals, search, sort order, and the main actions. */
import { ActionIcon, Button, NativeSelect, Tabs } from '@mantine/core';
import { type RefObject, useLayoutEffect, useRef } from 'react';
import type { PageCommands } from '@/features/command-palette/commands';
import { activeConditions } from '@/features/filters/conditions';
import { FilterButton } from '@/features/filters/FilterButton';
import { session } from '@/apollo/session';
import { nameOf } from '@/features/identity/nameOf';
import { useCanWrite } from '@/features/identity/permissions';
import { SearchField } from '@/features/search/SearchField';
import { activeTab, ALL_TAB, isCounted, type View } from '@/features/task-list/taskView';
import { ORDER_LABELS, type PageOrder, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import { formatTotal } from '@/ui/format';
import { Icon, type IconName } from '@/ui/icons';
import { Logo } from '@/ui/Logo';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { ThemeSelect } from '@/ui/ThemeSelect';
import utilities from '@/ui/utilities.module.css';
import styles from './Header.module.css';
import { SidebarButton } from './SidebarButton';
import type { TabCounts } from './tabCounts';

const PRODUCT = 'Millitask';
/** In place of a total that is not known. */
const NO_COUNT = '–';

interface Props {
  view: View;
  counts: TabCounts;
  commands: PageCommands;
  searchRef: RefObject<HTMLInputElement | null>;
  filterOpened: boolean;
  sidebarOpened: boolean;
}

export function Header({ view, counts, commands, searchRef, filterOpened, sidebarOpened }: Props) {
  const { setView, togglePanel } = commands;
  const canWrite = useCanWrite();
  const { viewer } = useStore(session);
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>
        <Logo />
        <span>{PRODUCT}</span>
      </h1>
      <div className={styles.views}>
        <SidebarButton opened={sidebarOpened} onClick={() => commands.toggleSidebar(true)} />
        <StatusTabs counts={counts} active={activeTab(view)} />
        <FilterButton
          count={activeConditions(view).length}
          opened={filterOpened}
          onClick={() => togglePanel('filter')}
        />
      </div>
      <div className={styles.tools}>
        <SearchField
          query={view.q}
          inputRef={searchRef}
          className={styles.search}
          onSearch={(query, history) => void setView({ q: query || null, row: null }, { history })}
          onLeave={() => commands.grid.current?.focus()}
        />
        <NativeSelect
          aria-label={t('header.order')}
          size="xs"
          className={styles.order}
          leftSection={<Icon name="sort" />}
          data={selectOptions(ORDER_LABELS)}
          value={view.order}
          disabled={!isCounted(view)}
          onChange={(event) => void setView({ order: event.currentTarget.value as PageOrder, row: null })}
        />
        {canWrite && (
          <Button
            size="xs"
            leftSection={<Icon name="plus" />}
            onClick={() => togglePanel('create')}
            aria-keyshortcuts="c"
            className={styles.newTask}
          >
            {t('tasks.new')}
          </Button>
        )}
        <IconButton label={t('header.commands')} icon="command" onClick={() => togglePanel('palette')} />
        <IconButton
          label={t('header.keyboardHelp')}
          icon="help"
          onClick={() => togglePanel('help')}
          className={utilities.desktopOnly}
        />
        <ThemeSelect colorScheme={commands.colorScheme} />
        {viewer && (
          <IconButton
            label={t('session.accountOf', { name: nameOf(viewer), workspace: viewer.workspace.name })}
            icon="user"
            onClick={() => togglePanel('account')}
          />
        )}
      </div>
    </header>
  );
}

function StatusTabs({ counts, active }: { counts: Props['counts']; active: string }) {
  const list = useRef<HTMLDivElement>(null);
  // The tabs scroll on a narrow screen. Totals change their width.
  useLayoutEffect(() => {
    list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [active, counts]);
  const tabs = [
    { value: ALL_TAB, label: t('views.all') },
    { value: 'TODO', label: STATUS_LABELS.TODO },
    { value: 'IN_PROGRESS', label: STATUS_LABELS.IN_PROGRESS },
    { value: 'DONE', label: STATUS_LABELS.DONE },
  ];
  return (
    <Tabs.List ref={list} className={styles.tabs} aria-label={t('header.filterByStatus')}>
      {tabs.map(({ value, label }) => (
        <Tabs.Tab key={value} value={value} className={styles.tab}>
          {label} <span className={styles.count}>{counts[value] ? formatTotal(counts[value]) : NO_COUNT}</span>
        </Tabs.Tab>
      ))}
    </Tabs.List>
  );
}

interface IconButtonProps {
  label: string;
  icon: IconName;
  onClick: () => void;
  className?: string | undefined;
}

function IconButton({ label, icon, onClick, className }: IconButtonProps) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={30}
      aria-label={label}
      title={label}
      onClick={onClick}
      className={className}
    >
      <Icon name={icon} />
    </ActionIcon>
  );
}
