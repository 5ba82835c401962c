/** A dialog that picks the time at which tasks expire. */
import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { ExpiryField } from '@/features/tasks/ExpiryField';

interface Props {
  onPick: (expiresAt: string) => void;
  onClose: () => void;
}

export function ExpiryDialog({ onPick, onClose }: Props) {
  const [expiresAt, setExpiresAt] = useState<string | null>(null);
  return (
    <Modal
      opened
      onClose={onClose}
      title="Set the expiry"
      centered
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      returnFocus={false}
    >
      <ExpiryField value={expiresAt} onChange={setExpiresAt} />
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button disabled={expiresAt === null} onClick={() => expiresAt !== null && onPick(expiresAt)}>
          Apply
        </Button>
      </Group>
    </Modal>
  );
}
