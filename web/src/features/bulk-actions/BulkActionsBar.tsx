/** What can be done with the tasks that are selected. */
import { Button, Group, Kbd } from '@mantine/core';
import { Icon } from '@/ui/icons';
import { count as inWords } from '@/ui/format';
import styles from '@/features/task-list/TaskGrid.module.css';

interface Props {
  count: number;
  onComplete: () => void;
  onDelete: () => void;
  onClear: () => void;
}

export function BulkBar({ count, onComplete, onDelete, onClear }: Props) {
  if (count === 0) return null;
  return (
    <Group role="toolbar" aria-label="Selected tasks" className={styles.bulk} gap={6} wrap="nowrap">
      <span className={styles.bulkCount} aria-live="polite">
        {inWords(count)} selected
      </span>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Icon name="check" />}
        rightSection={<Kbd size="xs">X</Kbd>}
        onClick={onComplete}
      >
        Complete
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Icon name="trash" />}
        rightSection={<Kbd size="xs">Del</Kbd>}
        onClick={onDelete}
      >
        Delete
      </Button>
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onClear}>
        Clear
      </Button>
    </Group>
  );
}
