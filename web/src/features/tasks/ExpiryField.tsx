/** When a task ends by itself: a day and a time of the reader's own zone. */
import { DateTimePicker } from '@mantine/dates';
import dayjs from 'dayjs';
import { useId, useRef, useState } from 'react';
import { Icon } from '@/ui/icons';

const FORM = 'YYYY-MM-DD HH:mm:ss';

interface Props {
  value: string | null;
  onChange: (iso: string | null) => void;
}

export function ExpiryField({ value, onChange }: Props) {
  const id = useId();
  // What is picked while the calendar is open: it counts when that closes.
  const [picked, setPicked] = useState<string>();
  const shown = picked ?? (value && dayjs(value).format(FORM));
  // A preset picks and closes in one go, before anything is drawn.
  const latest = useRef<string>(undefined);
  const pick = (next: string | null) => {
    latest.current = next ?? undefined;
    setPicked(next ?? undefined);
    if (next === null) onChange(null);
  };
  const done = () => {
    if (latest.current) onChange(dayjs(latest.current).toISOString());
    latest.current = undefined;
    setPicked(undefined);
  };
  return (
    <DateTimePicker
      // The calendar is named by its button.
      id={id}
      popoverProps={{ id }}
      previousLabel="Month before"
      nextLabel="Next month"
      submitButtonProps={{ 'aria-label': 'Done' }}
      label="Expires"
      description="Past this moment the task is gone for everybody."
      placeholder="Never"
      clearable
      clearButtonProps={{ 'aria-label': 'Remove the date' }}
      valueFormat="MMM D, YYYY, HH:mm"
      {...(value ? {} : { defaultTimeValue: '18:00' })}
      minDate={dayjs().format('YYYY-MM-DD')}
      leftSection={<Icon name="clock" />}
      value={shown}
      onChange={pick}
      weekendDays={[]}
      onDropdownClose={done}
      presets={[
        { value: dayjs().add(1, 'day').hour(18).startOf('hour').format(FORM), label: 'Tomorrow' },
        { value: dayjs().add(7, 'day').hour(18).startOf('hour').format(FORM), label: 'In a week' },
        { value: dayjs().add(1, 'month').hour(18).startOf('hour').format(FORM), label: 'In a month' },
      ]}
      timePickerProps={{ 'aria-label': 'Time' }}
    />
  );
}
