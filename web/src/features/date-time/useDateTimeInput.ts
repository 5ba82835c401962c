/** What the person has typed or chosen in the picker. The text is the only state: the calendar and the clock edit it. */
import { useState } from 'react';
import { textLocale, userLocale } from '@/ui/locale';
import { formatForTyping, formatWallTime } from './dateWords';
import { type CalendarDate, type Resolved, type TimeOfDay, timeOnDay, type WallTime } from './localTime';
import { dateTimeProblem, parseDateTime } from './parseDateTime';
import type { TimeRules } from './timeFields';

export type DateTimeProblem = 'empty' | 'unreadable' | 'past' | 'too early' | 'too late';

interface Input {
  text: string;
  /** Whether the second of two equal times is meant, when the clocks go back. */
  second: boolean;
}

export interface Reading {
  resolved: Resolved | undefined;
  /** The chosen time, also if it has a problem. */
  at: Date | undefined;
  problem: DateTimeProblem | undefined;
}

/** Return what the input means at a time. */
export function readDateTime({ text, second }: Input, now: Date, rules: TimeRules): Reading {
  const locales = { user: userLocale(), text: textLocale() };
  const resolved = parseDateTime(text, now, locales, rules.hour);
  if (!resolved) return { resolved, at: undefined, problem: text.trim() === '' ? 'empty' : 'unreadable' };
  const at = second && resolved.kind === 'repeated' ? resolved.second : resolved.at;
  return { resolved, at, problem: dateTimeProblem(at, now, rules) };
}

function inputFor(value: string | null, rules: TimeRules): Input {
  if (value === null) return { text: '', second: false };
  const at = new Date(value);
  const text = formatForTyping(at, userLocale());
  const { resolved } = readDateTime({ text, second: false }, at, rules);
  return { text, second: resolved?.kind === 'repeated' && resolved.at < at };
}

export function useDateTimeInput(value: string | null, now: Date, rules: TimeRules) {
  const [initial] = useState(() => inputFor(value, rules));
  const [input, setInput] = useState(initial);
  const reading = readDateTime(input, now, rules);
  const wall = reading.resolved?.wall;
  const setWall = (next: WallTime) => setInput({ text: formatWallTime(next, userLocale()), second: false });
  return {
    ...reading,
    ...input,
    isUnchanged: input.text === initial.text && input.second === initial.second,
    setText: (text: string) => setInput({ text, second: false }),
    setSecond: (second: boolean) => setInput({ ...input, second }),
    setDate: (date: CalendarDate) => setWall(wall ? { ...wall, ...date } : timeOnDay(date, now, rules.hour)),
    setTime: (time: TimeOfDay) => wall && setWall({ ...wall, ...time }),
    /** What the input means now: `now` may be some seconds old. */
    readNow: () => readDateTime(input, new Date(), rules),
  };
}
