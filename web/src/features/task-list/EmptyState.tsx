/** What stands in place of the list when there is nothing to list. */
import { Button, Code, Stack, Text, Title } from '@mantine/core';
import { Icon } from '@/ui/icons';
import { STATUS } from '@/ui/format';
import styles from './TaskGrid.module.css';
import type { View } from './taskView';

export function NoTasks({ view, onCreate }: { view: View; onCreate: () => void }) {
  const title = view.status
    ? `No task is “${STATUS[view.status]}”`
    : view.order === 'EXPIRING_SOON'
      ? 'No task expires'
      : 'No tasks yet';
  return (
    <Stack className={styles.empty} align="center" gap="sm">
      <Icon name="list" />
      <Title order={2} size="h4">
        {title}
      </Title>
      {view.status || view.order === 'EXPIRING_SOON' ? (
        <Text c="dimmed" size="sm">
          As soon as there is one, it is here.
        </Text>
      ) : (
        <Text c="dimmed" size="sm" ta="center">
          Add the first, or load a million with <Code>make load</Code>.
        </Text>
      )}
      <Button onClick={onCreate} leftSection={<Icon name="plus" />} mt="xs">
        New task
      </Button>
    </Stack>
  );
}

export function NothingFound({ query }: { query: string }) {
  return (
    <Stack className={styles.empty} align="center" gap="sm">
      <Icon name="search" />
      <Title order={2} size="h4">
        Nothing found
      </Title>
      <Text c="dimmed" size="sm" ta="center" maw={420} style={{ overflowWrap: 'anywhere' }}>
        No task has all the words of “{query}” in its title or description. Words may be cut short: “rep” finds
        “report”.
      </Text>
    </Stack>
  );
}
