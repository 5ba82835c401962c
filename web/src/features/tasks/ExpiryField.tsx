/** A picker for the time at which a task expires, in the person's own time zone. */
import { DateTimePicker } from '@mantine/dates';
import dayjs from 'dayjs';
import { useId, useRef, useState } from 'react';
import { Icon } from '@/ui/icons';

const PICKER_FORMAT = 'YYYY-MM-DD HH:mm:ss';
const PRESET_HOUR = 18;

interface Props {
  value: string | null;
  onChange: (iso: string | null) => void;
}

export function ExpiryField({ value, onChange }: Props) {
  const id = useId();
  // The field reports a picked time only when the calendar closes.
  const [picked, setPicked] = useState<string>();
  const shown = picked ?? (value && dayjs(value).format(PICKER_FORMAT));
  // A preset picks a time and closes the calendar in one event, before the state is updated.
  const latestPick = useRef<string>(undefined);
  const pick = (next: string | null) => {
    latestPick.current = next ?? undefined;
    setPicked(next ?? undefined);
    if (next === null) onChange(null);
  };
  const commit = () => {
    if (latestPick.current) onChange(dayjs(latestPick.current).toISOString());
    latestPick.current = undefined;
    setPicked(undefined);
  };
  return (
    <DateTimePicker
      // The popover takes its accessible name from the button, so both share this id.
      id={id}
      popoverProps={{ id }}
      previousLabel="Previous month"
      nextLabel="Next month"
      submitButtonProps={{ 'aria-label': 'Apply' }}
      label="Expires"
      description="At this time the task is removed for everyone."
      placeholder="Never"
      clearable
      clearButtonProps={{ 'aria-label': 'Clear expiry' }}
      valueFormat="MMM D, YYYY, HH:mm"
      {...(value ? {} : { defaultTimeValue: `${PRESET_HOUR}:00` })}
      minDate={dayjs().format('YYYY-MM-DD')}
      leftSection={<Icon name="clock" />}
      value={shown}
      onChange={pick}
      weekendDays={[]}
      onDropdownClose={commit}
      presets={[
        { value: preset(1, 'day'), label: 'Tomorrow' },
        { value: preset(7, 'day'), label: 'In a week' },
        { value: preset(1, 'month'), label: 'In a month' },
      ]}
      timePickerProps={{ 'aria-label': 'Time' }}
    />
  );
}

function preset(amount: number, unit: 'day' | 'month'): string {
  return dayjs().add(amount, unit).hour(PRESET_HOUR).startOf('hour').format(PICKER_FORMAT);
}
