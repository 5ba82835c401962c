/** A field that shows when a task expires, and opens the picker. */
import { CloseButton, Input, UnstyledButton } from '@mantine/core';
import { useId, useRef, useState } from 'react';
import { expiryUrgency } from '@/features/tasks/expiryUrgency';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { formatRemainingTime, formatWeekdayAndTime } from '@/ui/timeFormat';
import { useNow } from '@/ui/useNow';
import styles from './DateTimeField.module.css';
import { DateTimePicker } from './parts';

interface Props {
  value: string | null;
  onChange: (iso: string | null) => void;
}

export function DateTimeField({ value, onChange }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(false);
  const close = () => {
    setOpened(false);
    button.current?.focus({ preventScroll: true });
  };
  const pick = (next: string | null) => {
    close();
    if (next !== value) onChange(next);
  };
  return (
    <Input.Wrapper
      id={id}
      label={t('expiry.field.label')}
      labelElement="div"
      labelProps={{ id: `${id}-label` }}
      description={t('expiry.field.description')}
      descriptionProps={{ id: `${id}-description` }}
      inputWrapperOrder={['label', 'input', 'description']}
    >
      <div className={styles.field}>
        <UnstyledButton
          ref={button}
          id={`${id}-value`}
          className={styles.button}
          aria-haspopup="dialog"
          aria-labelledby={`${id}-label ${id}-value`}
          aria-describedby={`${id}-description`}
          onClick={() => setOpened(true)}
        >
          <Icon name="clock" />
          <DateTimeValue value={value} />
        </UnstyledButton>
        {value !== null && (
          <CloseButton size="sm" className={styles.clear} aria-label={t('expiry.clear')} onClick={() => pick(null)} />
        )}
      </div>
      {opened && <DateTimePicker value={value} many={false} onPick={pick} onClose={close} />}
    </Input.Wrapper>
  );
}

function DateTimeValue({ value }: { value: string | null }) {
  const now = useNow();
  if (value === null) return <span className={styles.placeholder}>{t('expiry.field.never')}</span>;
  const at = new Date(value);
  const time = formatWeekdayAndTime(at);
  const left = (
    <span className={styles.left} data-urgency={expiryUrgency(value, now)}>
      {at > now ? formatRemainingTime(at, now) : t('dateTime.now')}
    </span>
  );
  // Inline, so that the space between the two belongs to the name of the button.
  return (
    <span>
      {time} {left}
    </span>
  );
}
