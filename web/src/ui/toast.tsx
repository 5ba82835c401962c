/** Short messages in the corner of the page, each with at most one action. */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';

export interface ToastAction {
  label: string;
  run: () => void;
}

const SUCCESS_MS = 6_000;
const ERROR_MS = 10_000;

export function showToast(text: string, action?: ToastAction): void {
  show({ text, action, role: 'status', color: 'indigo', durationMs: SUCCESS_MS });
}

export function showErrorToast(text: string, action?: ToastAction): void {
  show({ text, action, role: 'alert', color: 'red', durationMs: ERROR_MS });
}

interface Toast {
  text: string;
  action: ToastAction | undefined;
  role: 'status' | 'alert';
  color: string;
  durationMs: number;
}

function show({ text, action, role, color, durationMs }: Toast): void {
  const id = `toast-${Date.now()}-${Math.random()}`;
  const runAction = () => {
    notifications.hide(id);
    action?.run();
  };
  notifications.show({
    id,
    role,
    color,
    autoClose: durationMs,
    closeButtonProps: { 'aria-label': 'Dismiss' },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{text}</Text>
        {action && (
          <Button variant="light" size="compact-sm" onClick={runAction} style={{ flexShrink: 0 }}>
            {action.label}
          </Button>
        )}
      </Group>
    ),
  });
}
