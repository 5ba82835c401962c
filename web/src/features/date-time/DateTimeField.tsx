/** A field that shows when a task expires or is due, and opens the picker. */
import { t } from '@/ui/messages';
import { EmptyValue, PickerField } from '@/ui/PickerField';
import { formatTimeAgo } from '@/ui/format';
import { formatRemainingTime, formatWeekdayAndTime } from '@/ui/timeFormat';
import { useNow } from '@/ui/useNow';
import styles from './DateTimeField.module.css';
import { DateTimePicker } from './parts';
import { type TimeField, timeTexts, urgencyOf } from './timeFields';

interface Props {
  field: TimeField;
  value: string | null;
  onChange: (iso: string | null) => void;
}

export function DateTimeField({ field, value, onChange }: Props) {
  const texts = timeTexts(field);
  return (
    <PickerField
      label={texts.label}
      description={texts.description}
      icon={field === 'expiresAt' ? 'clock' : 'calendar'}
      clear={value === null ? undefined : { label: texts.clear, run: () => onChange(null) }}
      picker={(close) => (
        <DateTimePicker
          field={field}
          value={value}
          many={false}
          onPick={(next) => {
            close();
            if (next !== value) onChange(next);
          }}
          onClose={close}
        />
      )}
    >
      {value === null ? <EmptyValue>{texts.none}</EmptyValue> : <TimeValue field={field} value={value} />}
    </PickerField>
  );
}

const SPACE = ' ';

function TimeValue({ field, value }: { field: TimeField; value: string }) {
  const now = useNow();
  const at = new Date(value);
  const past = field === 'expiresAt' ? t('dateTime.now') : formatTimeAgo(value, now);
  // Inline, so that the space between the two belongs to the name of the button.
  return (
    <span>
      {formatWeekdayAndTime(at)}
      {SPACE}
      <span className={styles.left} data-urgency={urgencyOf(field, value, now)}>
        {at > now ? formatRemainingTime(at, now) : past}
      </span>
    </span>
  );
}
