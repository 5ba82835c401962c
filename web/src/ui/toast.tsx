/** Messages that say what happened, with a way back where there is one. */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type Step, takeBack } from '@/features/task-editing/undoStack';

interface Action {
  label: string;
  run: () => void;
}

function show(kind: 'done' | 'failed', text: string, action?: Action): void {
  const id = `toast-${Date.now()}-${Math.random()}`;
  const run = () => {
    notifications.hide(id);
    action?.run();
  };
  notifications.show({
    id,
    role: kind === 'failed' ? 'alert' : 'status',
    color: kind === 'failed' ? 'red' : 'indigo',
    autoClose: kind === 'failed' ? 10_000 : 6_000,
    closeButtonProps: { 'aria-label': 'Close this message' },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{text}</Text>
        {action && (
          <Button variant="light" size="compact-sm" onClick={run} style={{ flexShrink: 0 }}>
            {action.label}
          </Button>
        )}
      </Group>
    ),
  });
}

export function tell(text: string, step?: Step): void {
  show('done', text, step && { label: 'Undo', run: () => void takeBack(step) });
}

export function warn(text: string, action?: Action): void {
  show('failed', text, action);
}
