/** When a task ends by itself: a day and a time of the reader's own zone. */
import { DateTimePicker } from '@mantine/dates';
import dayjs from 'dayjs';
import { useState } from 'react';
import { Icon } from '@/components/icons';

const FORM = 'YYYY-MM-DD HH:mm:ss';

interface Props {
  value: string | null;
  onChange: (iso: string | null) => void;
}

export function ExpiryField({ value, onChange }: Props) {
  // What is picked while the calendar is open: it counts when that closes.
  const [picked, setPicked] = useState<string | null>();
  const shown = picked === undefined ? value && dayjs(value).format(FORM) : picked;
  const done = () => {
    if (picked) onChange(dayjs(picked).toISOString());
    setPicked(undefined);
  };
  return (
    <DateTimePicker
      label="Expires"
      description="Past this moment the task is gone for everybody."
      placeholder="Never"
      clearable
      clearButtonProps={{ 'aria-label': 'Never expires' }}
      valueFormat="MMM D, YYYY, HH:mm"
      defaultTimeValue="18:00"
      minDate={dayjs().format('YYYY-MM-DD')}
      leftSection={<Icon name="clock" />}
      value={shown}
      onChange={(next) => (next === null ? (setPicked(undefined), onChange(null)) : setPicked(next))}
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
