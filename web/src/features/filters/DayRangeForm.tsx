/** Two days of the calendar, between which the tasks were created or expire. */
import { type SubmitEvent, useId, useState } from 'react';
import { t } from '@/ui/messages';
import { parseDayRange, writeDayRange } from './dayRange';
import styles from './FilterMenu.module.css';

interface Props {
  /** The current range, or another value of the condition. */
  value: string | null;
  /** The first day that can be chosen. */
  min?: string | undefined;
  /** The last day that can be chosen. */
  max?: string | undefined;
  onApply: (range: string) => void;
}

export function DayRangeForm({ value, min, max, onApply }: Props) {
  const [error, setError] = useState<string>();
  const errorId = useId();
  const range = parseDayRange(value ?? '');
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const days = new FormData(event.currentTarget);
    const [first, last] = [days.get('first') as string, days.get('last') as string];
    const written = writeDayRange({ first, last });
    if (parseDayRange(written)) return onApply(written);
    setError(first || last ? t('filters.daysReversed') : t('filters.daysRequired'));
  };
  const day = { type: 'date', className: styles.day, min, max, 'aria-describedby': error && errorId } as const;
  return (
    <form noValidate className={styles.days} onSubmit={onSubmit} onChange={() => setError(undefined)}>
      <label>
        {t('filters.firstDay')}
        <input {...day} name="first" defaultValue={range?.first ?? ''} />
      </label>
      <label>
        {t('filters.lastDay')}
        <input {...day} name="last" defaultValue={range?.last ?? ''} />
      </label>
      <button type="submit" className={styles.button}>
        {t('filters.apply')}
      </button>
      {error && (
        <p id={errorId} role="alert" className={styles.error}>
          {error}
        </p>
      )}
    </form>
  );
}
