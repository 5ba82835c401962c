import { notificationsStore } from '@mantine/notifications';
import { beforeEach, expect, test } from 'vitest';
import { showErrorToast, showToast } from '@/ui/toast';

const shown = () => notificationsStore.getState().notifications;

function close(): void {
  for (const notification of shown()) notification.onClose?.(notification);
  notificationsStore.setState({ ...notificationsStore.getState(), notifications: [], queue: [] });
}

beforeEach(close);

test('a message replaces the earlier one of its kind, as a new element', () => {
  showToast('Completed 1 task.');
  const [first] = shown();
  showToast('Completed 1 task.');
  expect(shown()).toHaveLength(1);
  expect(shown()[0]?.id).not.toBe(first?.id);
  showErrorToast('Too many tasks.');
  showErrorToast('No such task.');
  expect(shown().map(({ role }) => role)).toEqual(['status', 'alert']);
});

test('an error with an action stays until it is used or closed', () => {
  showErrorToast('The service cannot be reached.', { label: 'Try again', run: () => undefined });
  showErrorToast('No such task.');
  showToast('Completed 1 task.');
  expect(shown()).toHaveLength(3);
  expect(shown()[0]?.autoClose).toBe(false);
});

test('the same error joins the first one', () => {
  for (let i = 0; i < 3; i += 1) {
    showErrorToast('The service cannot be reached.', { label: 'Try again', run: () => undefined });
  }
  expect(shown()).toHaveLength(1);
  expect(JSON.stringify(shown()[0]?.message)).toContain('Try again (3)');
  close();
  showErrorToast('The service cannot be reached.', { label: 'Try again', run: () => undefined });
  expect(JSON.stringify(shown()[0]?.message)).not.toContain('(');
});
