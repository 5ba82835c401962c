/** Asks before a delete of many tasks. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { formatTaskCount } from '@/features/tasks/labels';
import { useStore } from '@/ui/store';
import { pendingDelete } from './pendingDelete';

export function ConfirmDelete() {
  const pending = useStore(pendingDelete);
  if (!pending) return null;
  const { count, confirm } = pending;
  const tasks = count === undefined ? 'all matching tasks' : formatTaskCount(count);
  const close = () => pendingDelete.set(undefined);
  return (
    <Modal
      opened
      onClose={close}
      title={`Delete ${tasks}?`}
      centered
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Text size="sm">
        This deletes the tasks for everyone. You can stop the deletion while it runs, and undo it afterwards.
      </Text>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={close} data-autofocus>
          Cancel
        </Button>
        <Button
          color="red"
          onClick={() => {
            close();
            confirm();
          }}
        >
          Delete
        </Button>
      </Group>
    </Modal>
  );
}
