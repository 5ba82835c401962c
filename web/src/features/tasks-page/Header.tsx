/** Name, tabs with their totals, search, order, and what can be started. */
import { ActionIcon, Button, NativeSelect, Tabs, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import type { TaskCountsQuery, TaskOrder } from '@/gql';
import type { View } from '@/features/task-list/taskView';
import { Icon } from '@/ui/icons';
import { Logo } from '@/ui/Logo';
import styles from './TasksPage.module.css';
import type { Commands } from './TasksPage';
import { count, options, ORDER, STATUS } from '@/ui/format';

interface Props {
  view: View;
  counts: TaskCountsQuery['taskCounts'] | undefined;
  commands: Commands;
  search: React.RefObject<HTMLInputElement | null>;
}

export function Header({ view, counts, commands, search }: Props) {
  const tabs = [
    { value: 'ALL', label: 'All', count: counts?.all },
    { value: 'TODO', label: STATUS.TODO, count: counts?.todo },
    { value: 'IN_PROGRESS', label: STATUS.IN_PROGRESS, count: counts?.inProgress },
    { value: 'DONE', label: STATUS.DONE, count: counts?.done },
  ];
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>
        <Logo />
        <span>Millitask</span>
      </h1>
      <Tabs.List className={styles.tabs} aria-label="Status">
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.value} value={tab.value} className={styles.tab}>
            {tab.label} <span className={styles.count}>{tab.count === undefined ? '–' : count(tab.count)}</span>
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <div className={styles.tools}>
        <Search view={view} commands={commands} input={search} />
        <NativeSelect
          aria-label="Order"
          size="xs"
          className={styles.order}
          data={options(ORDER)}
          value={view.order}
          disabled={view.q !== ''}
          onChange={(event) => void commands.setView({ order: event.currentTarget.value as TaskOrder, row: null })}
        />
        <Button
          size="xs"
          leftSection={<Icon name="plus" />}
          onClick={() => commands.show('create')}
          aria-keyshortcuts="c"
          className={styles.new}
        >
          New task
        </Button>
        <Tool label="Commands (Ctrl K)" icon="command" onClick={() => commands.show('palette')} />
        <Tool label="Keyboard help (?)" icon="help" onClick={() => commands.show('help')} className={styles.deskOnly} />
        <Tool
          label={commands.theme.dark ? 'Light theme' : 'Dark theme'}
          icon={commands.theme.dark ? 'sun' : 'moon'}
          onClick={commands.theme.toggle}
        />
      </div>
    </header>
  );
}

function Tool({
  label,
  icon,
  onClick,
  className,
}: {
  label: string;
  icon: Parameters<typeof Icon>[0]['name'];
  onClick: () => void;
  className?: string | undefined;
}) {
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

const PAUSE_MS = 200;

function Search({ view, commands, input }: { view: View; commands: Commands; input: Props['search'] }) {
  const [text, setText] = useState(view.q);
  const search = useDebouncedCallback((q: string) => {
    // The first word is a step that Back undoes; going on with it is not.
    const history = (q === '') === (view.q === '') ? 'replace' : 'push';
    void commands.setView({ q: q || null, row: null }, { history });
  }, PAUSE_MS);
  // The URL may change by itself: Back, or a tab that ends the search.
  const [seen, setSeen] = useState(view.q);
  if (seen !== view.q) {
    setSeen(view.q);
    if (text.trim() !== view.q) setText(view.q);
  }
  const change = (next: string) => {
    setText(next);
    search(next.trim());
  };
  return (
    <TextInput
      ref={input}
      type="search"
      size="xs"
      className={styles.search}
      aria-label="Search tasks"
      placeholder="Search  /"
      maxLength={200}
      leftSection={<Icon name="search" />}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') change('');
        if (event.key === 'Escape' || event.key === 'Enter') commands.grid.current?.focus();
      }}
    />
  );
}
