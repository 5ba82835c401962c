/** The list of presets, with the time that each stands for. Arrow keys move in it, and digits choose. */
import { Kbd, UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { t } from '@/ui/messages';
import { formatWeekdayAndTime } from '@/ui/timeFormat';
import styles from './DateTimePicker.module.css';
import { dateTimePresets } from './dateTimePresets';
import { presetLabel } from './dateTimeTexts';
import { type TimeField, timeTexts } from './timeFields';

interface Props {
  field: TimeField;
  now: Date;
  /** Whether the field of the task is empty now. */
  isEmpty: boolean;
  onPick: (expiresAt: string | null) => void;
}

/** The item that empties the field. */
const NONE = 'none';

export function DateTimePresets({ field, now, isEmpty, onPick }: Props) {
  const [focused, setFocused] = useState(0);
  // An hour is counted from the click, and not from when the list was drawn.
  const pick = (name: string) =>
    onPick(
      dateTimePresets(field, new Date())
        .find((preset) => preset.name === name)
        ?.at.toISOString() ?? null,
    );
  const items = [
    ...dateTimePresets(field, now).map(({ name, at }) => ({
      name,
      label: presetLabel(name),
      time: formatWeekdayAndTime(at),
      current: false,
    })),
    { name: NONE, label: timeTexts(field).none, time: '', current: isEmpty },
  ];
  usePickByDigit((digit) => {
    const item = items[digit - 1];
    if (item) pick(item.name);
  });
  return (
    <div role="group" aria-label={t('dateTime.suggestions')} className={styles.presets} onKeyDown={moveByArrows}>
      {items.map(({ name, label, time, current }, i) => (
        <UnstyledButton
          key={name}
          className={styles.preset}
          tabIndex={i === focused ? 0 : -1}
          data-autofocus={i === 0 || undefined}
          {...(current ? { 'aria-current': true } : {})}
          aria-keyshortcuts={String(i + 1)}
          onFocus={() => setFocused(i)}
          onClick={() => pick(name)}
        >
          <span>{label}</span> <span className={styles.presetTime}>{time}</span>
          <Kbd size="xs" aria-hidden className={styles.digit}>
            {i + 1}
          </Kbd>
        </UnstyledButton>
      ))}
    </div>
  );
}

/** On the window, because the dialog receives the focus a moment after it appears. */
function usePickByDigit(pick: (digit: number) => void): void {
  const latest = useRef(pick);
  useEffect(() => {
    latest.current = pick;
  });
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest('input, select') !== null;
      if (isTyping || !/^\d$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current(Number(event.key));
    };
    window.addEventListener('keydown', onKeyDown, { capture: true });
    return () => window.removeEventListener('keydown', onKeyDown, { capture: true });
  }, []);
}

function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const buttons = Array.from(event.currentTarget.querySelectorAll('button'));
  const position = buttons.findIndex((button) => button === document.activeElement);
  buttons.at((position + step) % buttons.length)?.focus();
}
