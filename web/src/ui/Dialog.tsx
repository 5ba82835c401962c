/** A modal dialog. Escape closes it alone, from the moment it is wanted, and the focus returns to where it was. */
import { Modal, type ModalProps } from '@mantine/core';
import { useEscapeKey } from './escapeKey';
import { useOpenedAfterMount } from './useOpenedAfterMount';

export function Dialog({ opened: wanted, onClose, ...props }: ModalProps) {
  const opened = useOpenedAfterMount(wanted);
  useEscapeKey(wanted, onClose);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      closeOnEscape={false}
      transitionProps={{ duration: 100 }}
      // Mantine moves the focus into a dialog a moment after it appears. One that is closed by then must not take it.
      inert={!wanted}
      {...props}
    />
  );
}
