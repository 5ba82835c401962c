/**
 * The dialog that sets when tasks expire or are due. A preset is saved at once. What is typed or chosen in the calendar is
 * saved by the button or Enter, and by nothing else.
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
import { TIME_RULES, type TimeField, timeTexts } from './timeFields';
import { useDateTimeInput } from './useDateTimeInput';

interface Props {
  field: TimeField;
  /** The present time, or null for none. Undefined for many tasks. */
  value: string | null | undefined;
  /** Whether the time of several tasks is set. */
  many: boolean;
  onPick: (iso: string | null) => void;
  onClose: () => void;
}

export function DateTimePicker(props: Props) {
  useEscapeKey(true, props.onClose);
  return (
    <Modal
      opened
      onClose={props.onClose}
      closeOnEscape={false}
      title={timeTexts(props.field).set}
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

function DateTimeForm({ field, value, many, onPick, onClose }: Props) {
  const now = useNow();
  const rules = TIME_RULES[field];
  const texts = timeTexts(field);
  const input = useDateTimeInput(value ?? null, now, rules);
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
      <p className={styles.note} data-warning={field === 'expiresAt'}>
        {many ? texts.noteMany : texts.noteOne}
      </p>
      <div className={styles.columns}>
        <DateTimePresets field={field} now={now} isEmpty={value === null} onPick={onPick} />
        <div>
          <DateInputs
            allowsPast={rules.allowsPast}
            input={input}
            now={now}
            textField={textField}
            showsProblem={showsProblem}
            onLeave={() => setShowsProblem(input.text.trim() !== '')}
            onEdit={() => setShowsProblem(false)}
          />
          <ChosenTime field={field} input={input} now={now} />
        </div>
      </div>
      <Group justify="flex-end" gap="xs" className={styles.actions}>
        <Button variant="default" onClick={onClose}>
          {t('dateTime.cancel')}
        </Button>
        <Button type="submit">{texts.set}</Button>
      </Group>
    </form>
  );
}

/** React passes events on to the form or the list that has opened the dialog. Only the focus trap needs to see Tab. */
function keepKeys(event: KeyboardEvent): void {
  if (event.key !== 'Tab') event.stopPropagation();
}
