/** Every command by its name. */
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useEffect, useMemo } from 'react';
import type { TaskOrder, TaskStatus } from '@/gql';
import { Icon, type IconName } from '@/ui/icons';
import type { Commands } from '@/features/tasks-page/TasksPage';
import { options, ORDER, STATUS } from '@/ui/format';

const [store, spotlight] = createSpotlight();

interface Props {
  opened: boolean;
  commands: Commands;
  onClose: () => void;
}

export function Palette({ opened, commands, onClose }: Props) {
  useEffect(() => {
    if (opened) spotlight.open();
    else spotlight.close();
  }, [opened]);
  const actions = useMemo(() => groups(commands), [commands]);
  return (
    <Spotlight
      store={store}
      title="Commands"
      actions={actions}
      shortcut={null}
      nothingFound="No such command"
      highlightQuery
      scrollable
      maxHeight={380}
      clearQueryOnClose
      onSpotlightClose={onClose}
      transitionProps={{ duration: 100 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      searchProps={{
        placeholder: 'What do you want to do?',
        'aria-label': 'Command',
        leftSection: <Icon name="search" />,
      }}
    />
  );
}

function groups({ show, undo, theme, setView, focusSearch, focusGoTo, grid }: Commands): SpotlightActionGroupData[] {
  const action = (id: string, label: string, icon: IconName, onClick: () => void) => ({
    id,
    label,
    leftSection: <Icon name={icon} />,
    onClick,
  });
  // After the palette has given the focus back.
  const later = (run: () => void) => () => void setTimeout(run, 150);
  const statuses = options(STATUS) as { value: TaskStatus; label: string }[];
  const orders = options(ORDER) as { value: TaskOrder; label: string }[];
  return [
    {
      group: 'Tasks',
      actions: [
        action(
          'create',
          'New task',
          'plus',
          later(() => show('create')),
        ),
        action('search', 'Search tasks', 'search', later(focusSearch)),
        action('undo', 'Undo', 'undo', undo),
      ],
    },
    {
      group: 'Go to',
      actions: [
        action('page', 'Go to page…', 'list', later(focusGoTo)),
        action(
          'first',
          'First task',
          'list',
          later(() => grid.current?.goToRow(0)),
        ),
        action(
          'last',
          'Last task',
          'list',
          later(() => grid.current?.goToRow(Infinity)),
        ),
      ],
    },
    {
      group: 'Show',
      actions: [
        action('all', 'All tasks', 'list', () => void setView({ status: null, q: null, row: null })),
        ...statuses.map(({ value, label }) =>
          action(
            value,
            `Tasks ${label.toLowerCase()}`,
            'list',
            () => void setView({ status: value, q: null, row: null }),
          ),
        ),
        ...orders.map(({ value, label }) =>
          action(value, label, 'list', () => void setView({ order: value, q: null, row: null })),
        ),
      ],
    },
    {
      group: 'Page',
      actions: [
        action(
          'insight',
          'Insight: what the cache did',
          'gauge',
          later(() => show('insight')),
        ),
        action('theme', theme.dark ? 'Light theme' : 'Dark theme', theme.dark ? 'sun' : 'moon', theme.toggle),
        action(
          'help',
          'Keyboard help',
          'help',
          later(() => show('help')),
        ),
        action('playground', 'Playground (GraphiQL)', 'code', () => window.location.assign('/graphql')),
      ],
    },
  ];
}
