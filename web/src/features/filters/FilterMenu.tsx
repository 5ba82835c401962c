/** A menu that filters the list by priority, creation and expiry. Each choice applies at once. */
import { Popover } from '@mantine/core';
import { type ReactNode, type Ref, useEffectEvent, useLayoutEffect, useState } from 'react';
import { PRIORITY_LABELS, selectOptions } from '@/features/tasks/labels';
import { PriorityIcon } from '@/features/tasks/TaskIcons';
import type { TaskPriority } from '@/gql';
import { useEscapeKey } from '@/ui/escapeKey';
import { t } from '@/ui/messages';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { conditionName, rangeLabels } from './conditionLabels';
import { type ConditionName, type Conditions, hasConditions, NO_CONDITIONS, parsePriorities } from './conditions';
import { DayRangeForm } from './DayRangeForm';
import { dayOf, parseDayRange } from './dayRange';
import { FILTER_BUTTON_ID, focusFilterButton } from './FilterButton';
import styles from './FilterMenu.module.css';

interface Props {
  opened: boolean;
  conditions: Conditions;
  searching: boolean;
  onChange: (conditions: Conditions) => void;
  onClose: () => void;
  /** Called after closing if the element that had the focus is gone. */
  onFocusLost: () => void;
}

export function FilterMenu({ opened: wanted, onClose, onFocusLost, ...menu }: Props) {
  const opened = useOpenedAfterMount(wanted);
  useEscapeKey(wanted, onClose);
  useFocusReturn(opened, onFocusLost);
  return (
    <Popover
      opened={opened}
      onDismiss={onClose}
      closeOnEscape={false}
      trapFocus
      position="bottom-start"
      offset={6}
      middlewares={{ shift: { padding: 8 }, flip: false, size: true }}
      transitionProps={{ duration: 0 }}
      shadow="md"
    >
      <Popover.Target>
        <FilterButtonTarget />
      </Popover.Target>
      <Popover.Dropdown className={styles.menu} aria-labelledby={FILTER_BUTTON_ID}>
        <div className={styles.content}>
          <MenuContent {...menu} onClose={onClose} />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Passes the button of the header on to the popover. */
function FilterButtonTarget({ ref }: { ref?: Ref<HTMLElement> }) {
  useLayoutEffect(() => {
    if (typeof ref === 'function') ref(document.getElementById(FILTER_BUTTON_ID));
  }, [ref]);
  return null;
}

/** Return the focus when the menu closes. A list that was filtered is a new one. */
function useFocusReturn(opened: boolean, onFocusLost: () => void): void {
  const returnFocus = useEffectEvent((before: Element | null) => {
    if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
    else onFocusLost();
    if (document.activeElement === document.body) focusFilterButton();
  });
  useLayoutEffect(() => {
    if (!opened) return undefined;
    const before = document.activeElement;
    return () => returnFocus(before);
  }, [opened]);
}

function MenuContent({ conditions, searching, onChange, onClose }: Omit<Props, 'opened' | 'onFocusLost'>) {
  const { priority, created, expires } = conditions;
  const today = dayOf(new Date());
  const togglePriority = (value: TaskPriority, on: boolean) => {
    const others = (priority ?? []).filter((other) => other !== value);
    onChange({ ...conditions, priority: parsePriorities(String(on ? [...others, value] : others)) });
  };
  const changeRange = (name: 'created' | 'expires') => ({
    onPick: (range: string | null) => onChange({ ...conditions, [name]: range }),
    onApply: (range: string) => {
      onChange({ ...conditions, [name]: range });
      onClose();
    },
  });
  return (
    <>
      {searching && <p className={styles.note}>{t('filters.searchEnds')}</p>}
      <Group name={conditionName('priority')} excludedBy={expires !== null && 'expires'}>
        {selectOptions(PRIORITY_LABELS).map(({ value, label }) => (
          <label key={value} className={styles.option}>
            <input
              type="checkbox"
              checked={priority?.includes(value) ?? false}
              onChange={(event) => togglePriority(value, event.currentTarget.checked)}
            />
            <PriorityIcon priority={value} />
            {label}
          </label>
        ))}
      </Group>
      <Group name={conditionName('created')} excludedBy={expires !== null && 'expires'}>
        <RangeOptions name="created" value={created} max={today} {...changeRange('created')} />
      </Group>
      <Group name={conditionName('expires')} excludedBy={(priority && 'priority') ?? (created !== null && 'created')}>
        <RangeOptions name="expires" value={expires} min={today} {...changeRange('expires')} />
      </Group>
      <div className={styles.footer}>
        <button
          type="button"
          className={styles.button}
          disabled={!hasConditions(conditions)}
          onClick={() => onChange(NO_CONDITIONS)}
        >
          {t('filters.clearAll')}
        </button>
        <button type="button" className={styles.button} onClick={onClose}>
          {t('filters.done')}
        </button>
      </div>
    </>
  );
}

interface GroupProps {
  name: string;
  /** The condition that cannot be combined with this one, if it is active. */
  excludedBy: ConditionName | false;
  children: ReactNode;
}

function Group({ name, excludedBy, children }: GroupProps) {
  return (
    <fieldset disabled={excludedBy !== false} className={styles.group}>
      <legend>{name}</legend>
      <div className={styles.options}>{children}</div>
      {excludedBy && <p className={styles.note}>{t('filters.notCombined', { name: conditionName(excludedBy) })}</p>}
    </fieldset>
  );
}

interface RangeOptionsProps {
  name: 'created' | 'expires';
  value: string | null;
  min?: string;
  max?: string;
  onPick: (value: string | null) => void;
  /** Called when two days were entered. */
  onApply: (range: string) => void;
}

function RangeOptions({ name, value, onPick, onApply, ...limits }: RangeOptionsProps) {
  const [custom, setCustom] = useState(parseDayRange(value ?? '') !== null);
  const option = (key: string, label: string, checked: boolean, pick: () => void) => (
    <label key={key} className={styles.option}>
      <input type="radio" name={name} checked={checked} onChange={pick} />
      {label}
    </label>
  );
  const pick = (next: string | null) => () => {
    setCustom(false);
    onPick(next);
  };
  return (
    <>
      {option('any', t('filters.anyTime'), !custom && value === null, pick(null))}
      {Object.entries(rangeLabels(name)).map(([key, label]) => option(key, label, !custom && value === key, pick(key)))}
      {option('custom', t('filters.customRange'), custom, () => setCustom(true))}
      {custom && <DayRangeForm key={value} value={value} {...limits} onApply={onApply} />}
    </>
  );
}
