/**
 * The dialog that sets when tasks expire. A preset is saved at once. What is typed or chosen in the calendar is saved by
 * "Set expiry" or Enter, and by nothing else.
 */
import { Button, Group, Modal } from '@mantine/core';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useEscapeKey } from '@/ui/escapeKey';
import { t } from '@/ui/messages';
import { useNow } from '@/ui/useNow';
import { ChosenTime } from './ChosenTime';
import { DateInputs } from './DateInputs';
import { DateTimePresets } from './DateTimePresets';
import styles from './DateTimePicker.module.css';
import { useDateTimeInput } from './useDateTimeInput';

interface Props {
  /** The present expiry, or null for none. Undefined if it is that of many tasks. */
  value: string | null | undefined;
  /** Whether the expiry of several tasks is set. */
  many: boolean;
  onPick: (expiresAt: string | null) => void;
  onClose: () => void;
}

export function DateTimePicker(props: Props) {
  useEscapeKey(true, props.onClose);
  return (
    <Modal
      opened
      onClose={props.onClose}
      closeOnEscape={false}
      title={t('expiry.set')}
      size={680}
      centered
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dateTime.close') }}
      returnFocus={false}
    >
      <DateTimeForm {...props} />
    </Modal>
  );
}

function DateTimeForm({ value, many, onPick, onClose }: Props) {
  const now = useNow();
  const input = useDateTimeInput(value ?? null, now);
  const [showsProblem, setShowsProblem] = useState(false);
  const textField = useRef<HTMLInputElement>(null);
  const submit = () => {
    const { at, problem } = input.readNow();
    if (value && input.isUnchanged) return onClose();
    if (at && !problem) return onPick(at.toISOString());
    setShowsProblem(true);
    textField.current?.focus();
  };
  return (
    <form
      noValidate
      onKeyDown={keepKeys}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation(); // The form for a new task contains this one.
        submit();
      }}
    >
      <p className={styles.warning}>{many ? t('expiry.warning.many') : t('expiry.warning.one')}</p>
      <div className={styles.columns}>
        <DateTimePresets now={now} isNever={value === null} onPick={onPick} />
        <div>
          <DateInputs
            input={input}
            now={now}
            textField={textField}
            showsProblem={showsProblem}
            onLeave={() => setShowsProblem(input.text.trim() !== '')}
            onEdit={() => setShowsProblem(false)}
          />
          <ChosenTime input={input} now={now} />
        </div>
      </div>
      <Group justify="flex-end" gap="xs" className={styles.actions}>
        <Button variant="default" onClick={onClose}>
          {t('dateTime.cancel')}
        </Button>
        <Button type="submit">{t('expiry.set')}</Button>
      </Group>
    </form>
  );
}

/** React passes events on to the form or the list that has opened the dialog. Only the focus trap needs to see Tab. */
function keepKeys(event: KeyboardEvent): void {
  if (event.key !== 'Tab') event.stopPropagation();
}
