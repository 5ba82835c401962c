/** The active conditions of the filter: each can be changed or removed. Nothing without conditions. */
import type { KeyboardEvent } from 'react';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { conditionLabel, conditionName } from './conditionLabels';
import {
  activeConditions,
  type ConditionName,
  type Conditions,
  NO_CONDITIONS,
  type ValueCondition,
} from './conditions';
import styles from './FilterBar.module.css';
import { focusFilterButton } from './FilterButton';

interface Props {
  conditions: Conditions;
  /** Whether a search is shown, to which the filter does not apply. */
  searching: boolean;
  onChange: (conditions: Conditions) => void;
  onOpenMenu: () => void;
  onPickValue: (name: ValueCondition) => void;
  onSave: () => void;
}

export function FilterBar({ conditions, searching, onChange, onOpenMenu, onPickValue, onSave }: Props) {
  const names = activeConditions(conditions);
  if (names.length === 0) return null;
  const clear = () => {
    onChange(NO_CONDITIONS);
    focusFilterButton();
  };
  return (
    <div role="group" aria-label={t('filters.active')} className={styles.bar}>
      {names.map((name) => (
        <Chip
          key={name}
          name={name}
          label={conditionLabel(conditions, name)}
          off={searching}
          onOpen={() => (isValueCondition(name) ? onPickValue(name) : onOpenMenu())}
          onRemove={() => onChange({ ...conditions, [name]: null })}
        />
      ))}
      <button type="button" className={styles.clear} onClick={clear}>
        {t('filters.clearAll')}
      </button>
      <button type="button" className={styles.clear} aria-haspopup="dialog" onClick={onSave}>
        {t('filters.save')}
      </button>
      {searching && <span className={styles.note}>{t('filters.notApplied')}</span>}
    </div>
  );
}

function isValueCondition(name: ConditionName): name is ValueCondition {
  return name === 'list' || name === 'assignee' || name === 'label';
}

interface ChipProps {
  name: ConditionName;
  label: string;
  /** Whether the condition is not applied. */
  off: boolean;
  onOpen: () => void;
  onRemove: () => void;
}

function Chip({ name, label, off, onOpen, onRemove }: ChipProps) {
  const remove = (chip: Element) => {
    const chips = [...(chip.parentElement?.querySelectorAll('[data-chip]') ?? [])];
    const index = chips.indexOf(chip);
    const next = (chips[index + 1] ?? chips[index - 1])?.querySelector('button');
    onRemove();
    if (next) next.focus();
    else focusFilterButton();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Delete' && event.key !== 'Backspace') return;
    event.preventDefault(); // In the list, these keys delete tasks.
    remove(event.currentTarget);
  };
  return (
    <span data-chip data-off={off} className={styles.chip} onKeyDown={onKeyDown}>
      <button type="button" className={styles.value} aria-haspopup="dialog" onClick={onOpen}>
        {label}
      </button>
      <button
        type="button"
        className={styles.remove}
        aria-label={t('filters.remove', { name: conditionName(name) })}
        onClick={({ currentTarget }) => remove(currentTarget.parentElement ?? currentTarget)}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}
