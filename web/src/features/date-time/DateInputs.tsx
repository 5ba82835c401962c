/** A date as text, its time of day, and a calendar. All three show and change the same time. */
import { TextInput } from '@mantine/core';
import { DatePicker, TimePicker } from '@mantine/dates';
import { type RefObject, useState } from 'react';
import { userLocale, uses12Hours } from '@/ui/locale';
import { t } from '@/ui/messages';
import { formatDay, formatMonth, formatWeekday } from '@/ui/timeFormat';
import { firstDayOfWeek } from '@/ui/weekStart';
import { dayPeriodNames, formatWallTime } from './dateWords';
import styles from './DateTimePicker.module.css';
import { problemText } from './dateTimeTexts';
import { addDays, type CalendarDate, type TimeOfDay, wallTimeOf } from './localTime';
import type { useDateTimeInput } from './useDateTimeInput';

interface Props {
  /** Whether days in the past can be chosen. */
  allowsPast: boolean;
  input: ReturnType<typeof useDateTimeInput>;
  now: Date;
  textField: RefObject<HTMLInputElement | null>;
  showsProblem: boolean;
  onLeave: () => void;
  onEdit: () => void;
}

const FIRST_DAY = '1970-01-02';
const LAST_DAY = '2199-12-31';

export function DateInputs({ allowsPast, input, now, textField, showsProblem, onLeave, onEdit }: Props) {
  const { wall } = input.resolved ?? {};
  const today = wallTimeOf(now);
  const example = formatWallTime({ ...addDays(today, 1), hour: 9, minute: 0 }, userLocale());
  return (
    <>
      <div className={styles.inputs}>
        <TextInput
          ref={textField}
          label={t('dateTime.date')}
          autoComplete="off"
          placeholder={example}
          value={input.text}
          error={showsProblem && input.problem && problemText(input.problem, example)}
          onBlur={onLeave}
          onChange={(event) => {
            onEdit();
            input.setText(event.currentTarget.value);
          }}
        />
        <Clock time={wall} onChange={input.setTime} />
      </div>
      <Calendar
        day={wall && calendarDay(wall)}
        today={dayString(today)}
        allowsPast={allowsPast}
        onChange={input.setDate}
      />
    </>
  );
}

function Clock({ time, onChange }: { time: TimeOfDay | undefined; onChange: (time: TimeOfDay) => void }) {
  const [resets, setResets] = useState(0);
  const periods = dayPeriodNames(userLocale());
  const value = time ? `${padded(time.hour)}:${padded(time.minute)}` : '';
  return (
    <TimePicker
      // A time that is left half typed becomes the chosen time again.
      key={resets}
      label={t('dateTime.clock.label')}
      format={uses12Hours(userLocale()) ? '12h' : '24h'}
      amPmLabels={periods}
      hoursInputLabel={t('dateTime.clock.hours')}
      minutesInputLabel={t('dateTime.clock.minutes')}
      amPmInputLabel={`${periods.am} / ${periods.pm}`}
      disabled={!time}
      value={value}
      onChange={(text) => {
        const [hour, minute] = text.split(':').map(Number);
        if (hour !== undefined && minute !== undefined) onChange({ hour, minute });
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setResets(resets + 1);
      }}
    />
  );
}

interface CalendarProps {
  day: string | undefined;
  today: string;
  allowsPast: boolean;
  onChange: (date: CalendarDate) => void;
}

function Calendar({ day, today, allowsPast, onChange }: CalendarProps) {
  const [shown, setShown] = useState({ day, month: day ?? today });
  // A date that is typed brings its month into view.
  if (day !== shown.day) setShown({ day, month: day ?? shown.month });
  return (
    <DatePicker
      className={styles.calendar}
      date={shown.month}
      onDateChange={(month) => setShown({ day, month })}
      value={day ?? null}
      onChange={(picked) => {
        if (picked !== null) onChange(dateOf(picked));
      }}
      minDate={allowsPast ? FIRST_DAY : today}
      maxDate={LAST_DAY}
      highlightToday
      weekendDays={[]}
      firstDayOfWeek={firstDayOfWeek(userLocale())}
      weekdayFormat={(date) => formatWeekday(utcDay(date))}
      monthLabelFormat={(date) => formatMonth(utcDay(date))}
      monthsListFormat={(date) => formatMonth(utcDay(date), 'short')}
      getDayAriaLabel={(date) => formatDay(utcDay(date))}
      getDayProps={(date) => ({ 'aria-pressed': date === day, ...(date === today && { 'aria-current': 'date' }) })}
      previousLabel={t('dateTime.earlier')}
      nextLabel={t('dateTime.later')}
    />
  );
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

function dayString({ year, month, day }: CalendarDate): string {
  return `${year}-${padded(month)}-${padded(day)}`;
}

/** Return the day in the calendar, which has a first and a last day. A typed date can be earlier or later. */
function calendarDay(date: CalendarDate): string | undefined {
  const day = dayString(date);
  return day >= FIRST_DAY && day <= LAST_DAY ? day : undefined;
}

function dateOf(text: string): CalendarDate {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return { year, month, day };
}

function utcDay(text: string): Date {
  return new Date(`${text.slice(0, 10)}T00:00:00Z`);
}
