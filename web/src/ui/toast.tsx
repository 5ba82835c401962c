/**
 * Short messages in the corner of the page, each with at most one action.
 *
 * A message replaces the earlier one of its kind. An error with an action stays until the action is used or the message
 * is closed. The same error again joins the first one, and the action then runs for all of them.
 */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { formatCount } from './format';
import { t } from './messages';
import { createStore } from './store';

export interface ToastAction {
  label: string;
  run: () => void;
}

const SUCCESS_MS = 6_000;
const ERROR_MS = 10_000;

/** Whether there has been a message. The component that shows messages is loaded for the first one, or before. */
export const messagesNeeded = createStore(false);

/** The ids of the messages on screen, by kind. */
const shown = new Map<string, string>();
/** What the action of each error on screen runs, by kind. */
const waiting = new Map<string, ToastAction['run'][]>();
let count = 0;

export function showToast(text: string, action?: ToastAction): void {
  show({ kind: 'status', text, action, role: 'status', color: 'indigo', durationMs: SUCCESS_MS });
}

export function showErrorToast(text: string, action?: ToastAction): void {
  if (!action) return show({ kind: 'error', text, action, role: 'alert', color: 'red', durationMs: ERROR_MS });
  const kind = `error ${action.label} ${text}`;
  const runs = [...(waiting.get(kind) ?? []), action.run];
  const all = {
    label: runs.length > 1 ? `${action.label} (${formatCount(runs.length)})` : action.label,
    run: () => runs.forEach((run) => run()),
  };
  show({ kind, text, action: all, role: 'alert', color: 'red', durationMs: false });
  waiting.set(kind, runs);
}

interface Toast {
  kind: string;
  text: string;
  action: ToastAction | undefined;
  role: 'status' | 'alert';
  color: string;
  durationMs: number | false;
}

function show({ kind, text, action, role, color, durationMs }: Toast): void {
  messagesNeeded.set(true);
  const earlier = shown.get(kind);
  if (earlier !== undefined) notifications.hide(earlier);
  // A new element for each message: screen readers announce it also if its text is the same.
  const id = `toast-${(count += 1)}`;
  shown.set(kind, id);
  const forget = () => {
    if (shown.get(kind) !== id) return;
    shown.delete(kind);
    waiting.delete(kind);
  };
  const runAction = () => {
    forget();
    notifications.hide(id);
    action?.run();
  };
  notifications.show({
    id,
    role,
    color,
    autoClose: durationMs,
    onClose: forget,
    closeButtonProps: { 'aria-label': t('toast.dismiss') },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {text}
        </Text>
        {action && (
          <Button variant="light" size="compact-sm" onClick={runAction} style={{ flexShrink: 0 }}>
            {action.label}
          </Button>
        )}
      </Group>
    ),
  });
}
