/** The chosen time in words, so that a person notices a misread date. */
import { Radio, Text } from '@mantine/core';
import { formatTimeAgo } from '@/ui/format';
import { t } from '@/ui/messages';
import { formatFullTime, formatTimeOfDay, formatRemainingTime } from '@/ui/timeFormat';
import styles from './DateTimePicker.module.css';
import { clockChangeText } from './dateTimeTexts';
import { type TimeField, urgencyOf } from './timeFields';
import type { useDateTimeInput } from './useDateTimeInput';

interface Props {
  field: TimeField;
  input: ReturnType<typeof useDateTimeInput>;
  now: Date;
}

export function ChosenTime({ field, input, now }: Props) {
  const { resolved, at, problem } = input;
  return (
    <div className={styles.chosen}>
      <div role="status">
        {at && !problem && (
          <>
            <span className={styles.until} data-urgency={urgencyOf(field, at.toISOString(), now)}>
              {at > now ? formatRemainingTime(at, now) : formatTimeAgo(at.toISOString(), now)}
            </span>{' '}
            <span>{formatFullTime(at)}</span>
          </>
        )}
        {resolved && !problem && <p className={styles.clockChange}>{clockChangeText(resolved)}</p>}
      </div>
      {resolved?.kind === 'repeated' && (
        <Radio.Group
          aria-label={t('dateTime.choice.group')}
          size="xs"
          value={input.second ? 'second' : 'first'}
          onChange={(choice) => input.setSecond(choice === 'second')}
        >
          <Radio
            className={styles.choice}
            value="first"
            label={t('dateTime.choice.first', { time: timeWithZone(resolved.at) })}
          />
          <Radio
            className={styles.choice}
            value="second"
            label={t('dateTime.choice.second', { time: timeWithZone(resolved.second) })}
          />
        </Radio.Group>
      )}
      <Text size="xs" c="dimmed">
        {t('dateTime.zone', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll('_', ' ') })}
      </Text>
    </div>
  );
}

function timeWithZone(at: Date): string {
  return formatTimeOfDay(at, { timeZoneName: 'shortOffset' });
}
