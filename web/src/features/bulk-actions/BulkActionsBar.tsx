/** A toolbar with the actions for the selected tasks. */
import { Button, Group, Kbd } from '@mantine/core';
import { formatCount } from '@/ui/format';
import { Icon } from '@/ui/icons';
import styles from './BulkActionsBar.module.css';

interface Props {
  count: number;
  onComplete: () => void;
  onDelete: () => void;
  onClear: () => void;
}

export function BulkActionsBar({ count, onComplete, onDelete, onClear }: Props) {
  if (count === 0) return null;
  return (
    <Group role="toolbar" aria-label="Selected tasks" className={styles.toolbar} gap={6} wrap="nowrap">
      <span className={styles.count} aria-live="polite">
        {formatCount(count)} selected
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
