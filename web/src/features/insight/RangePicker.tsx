/** Chooses the range of time: the last hour, day, week or month, or days of the calendar. */
import { useId, useState } from 'react';
import { DayRangeForm } from '@/features/filters/DayRangeForm';
import { dayOf } from '@/features/filters/dayRange';
import { t } from '@/ui/messages';
import styles from './Insight.module.css';
import { isPreset, PRESETS, type Preset } from './period';

interface Props {
  range: string;
  onChange: (range: string) => void;
}

const LABELS: Record<Preset, () => string> = {
  hour: () => t('insight.range.hour'),
  day: () => t('insight.range.day'),
  '7d': () => t('insight.range.week'),
  '30d': () => t('insight.range.month'),
};
const CUSTOM = 'custom';

export function RangePicker({ range, onChange }: Props) {
  const name = useId();
  // The days are chosen in place of this range.
  const [replaced, setReplaced] = useState<string>();
  const opened = replaced === range || !isPreset(range);
  const chosen = opened ? CUSTOM : range;
  return (
    <div className={styles.picker}>
      <fieldset className={styles.presets} aria-label={t('insight.range.name')}>
        {[...PRESETS, CUSTOM].map((value) => (
          <label key={value} data-chosen={value === chosen}>
            <input
              type="radio"
              name={name}
              value={value}
              checked={value === chosen}
              onChange={() => {
                setReplaced(value === CUSTOM ? range : undefined);
                if (value !== CUSTOM) onChange(value);
              }}
            />
            {isPreset(value) ? LABELS[value]() : t('insight.range.custom')}
          </label>
        ))}
      </fieldset>
      {opened && <DayRangeForm key={range} value={range} max={dayOf(new Date())} onApply={onChange} />}
    </div>
  );
}
