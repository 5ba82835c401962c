/** Asks before a delete of many tasks. */
import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '@/ui/Dialog';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { pendingDelete } from './pendingDelete';

export function ConfirmDelete() {
  const pending = useStore(pendingDelete);
  // The closing dialog keeps its content while it fades out.
  const [shown, setShown] = useState(pending);
  if (pending && pending !== shown) setShown(pending);
  if (!shown) return null;
  const { count, confirm } = shown;
  const close = () => pendingDelete.set(undefined);
  return (
    <Dialog
      opened={pending !== undefined}
      onClose={close}
      title={count === undefined ? t('bulk.confirmDeleteAll') : t('bulk.confirmDelete', { count })}
      centered
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Text size="sm">{t('bulk.confirmDeleteText')}</Text>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={close} data-autofocus>
          {t('actions.cancel')}
        </Button>
        <Button
          color="red.9"
          onClick={() => {
            close();
            confirm();
          }}
        >
          {t('actions.delete')}
        </Button>
      </Group>
    </Dialog>
  );
}
