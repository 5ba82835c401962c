/** A menu that filters the list. Each choice applies at once. */
import { Popover } from '@mantine/core';
import { type ReactNode, type Ref, useEffectEvent, useLayoutEffect, useState } from 'react';
import { PRIORITY_LABELS, selectOptions } from '@/features/tasks/labels';
import { PriorityIcon } from '@/features/tasks/TaskIcons';
import type { TaskPriority, TaskStatus } from '@/gql';
import { formatCount } from '@/ui/format';
import { useEscapeKey } from '@/ui/escapeKey';
import { t } from '@/ui/messages';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { conditionName, conditionValue, rangeLabels } from './conditionLabels';
import {
  type ConditionName,
  type Conditions,
  activeConditions,
  hasConditions,
  NO_CONDITIONS,
  parsePriorities,
  type RangeCondition,
  type ValueCondition,
} from './conditions';
import { DayRangeForm } from './DayRangeForm';
import { dayOf, parseDayRange } from './dayRange';
import { FILTER_BUTTON_ID, focusFilterButton } from './FilterButton';
import styles from './FilterMenu.module.css';
import { useContextFacets } from './useContextFacets';

interface Props {
  opened: boolean;
  conditions: Conditions;
  searching: boolean;
  status: TaskStatus | null;
  onChange: (conditions: Conditions) => void;
  onPickValue: (name: ValueCondition) => void;
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

function MenuContent({
  conditions,
  searching,
  status,
  onChange,
  onPickValue,
  onClose,
}: Omit<Props, 'opened' | 'onFocusLost'>) {
  const { priority, created, expires, due } = conditions;
  const { facets } = useContextFacets('priority', conditions, status);
  const countOf = (value: TaskPriority) => facets?.find((facet) => facet.value === value)?.count ?? 0;
  const excludesExpires = activeConditions(conditions).find((name) => name !== 'expires');
  const excludedBy = expires !== null && 'expires';
  const today = dayOf(new Date());
  const togglePriority = (value: TaskPriority, on: boolean) => {
    const others = (priority ?? []).filter((other) => other !== value);
    onChange({ ...conditions, priority: parsePriorities(String(on ? [...others, value] : others)) });
  };
  const changeRange = (name: RangeCondition) => ({
    onPick: (range: string | null) => onChange({ ...conditions, [name]: range }),
    onApply: (range: string) => {
      onChange({ ...conditions, [name]: range });
      onClose();
    },
  });
  return (
    <>
      {searching && <p className={styles.note}>{t('filters.searchEnds')}</p>}
      <Group name={t('filters.values')} excludedBy={excludedBy}>
        {(['list', 'assignee', 'label'] as const).map((name) => (
          <button
            key={name}
            type="button"
            className={styles.button}
            aria-haspopup="dialog"
            onClick={() => onPickValue(name)}
          >
            {t('filters.chip', {
              name: conditionName(name),
              value: conditions[name] === null ? t('filters.any') : conditionValue(conditions, name),
            })}
          </button>
        ))}
      </Group>
      <Group name={conditionName('priority')} excludedBy={excludedBy}>
        {selectOptions(PRIORITY_LABELS).map(({ value, label }) => (
          <label key={value} className={styles.option}>
            <input
              type="checkbox"
              checked={priority?.includes(value) ?? false}
              onChange={(event) => togglePriority(value, event.currentTarget.checked)}
            />
            <PriorityIcon priority={value} />
            {label}
            {facets && <span className={styles.count}>{formatCount(countOf(value))}</span>}
          </label>
        ))}
      </Group>
      <Group name={conditionName('due')} excludedBy={excludedBy}>
        <RangeOptions name="due" value={due} {...changeRange('due')} />
      </Group>
      <Group name={conditionName('created')} excludedBy={excludedBy}>
        <RangeOptions name="created" value={created} max={today} {...changeRange('created')} />
      </Group>
      <Group name={conditionName('expires')} excludedBy={excludesExpires ?? false}>
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
  name: RangeCondition;
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
