/** Asks before a delete of many tasks. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { pendingDelete } from './pendingDelete';

export function ConfirmDelete() {
  const pending = useStore(pendingDelete);
  if (!pending) return null;
  const { count, confirm } = pending;
  const close = () => pendingDelete.set(undefined);
  return (
    <Modal
      opened
      onClose={close}
      title={count === undefined ? t('bulk.confirmDeleteAll') : t('bulk.confirmDelete', { count })}
      centered
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Text size="sm">{t('bulk.confirmDeleteText')}</Text>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={close} data-autofocus>
          {t('actions.cancel')}
        </Button>
        <Button
          color="red"
          onClick={() => {
            close();
            confirm();
          }}
        >
          {t('actions.delete')}
        </Button>
      </Group>
    </Modal>
  );
}
