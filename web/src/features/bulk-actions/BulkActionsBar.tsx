/** A toolbar with the actions for the selected tasks. */
import { Button, Group, Kbd } from '@mantine/core';
import type { MouseEvent } from 'react';
import type { FieldMenuRequest } from '@/features/field-menu/fieldMenuRequest';
import { formatCount } from '@/ui/format';
import { Icon, type IconName } from '@/ui/icons';
import styles from './BulkActionsBar.module.css';

interface Props {
  /** The number of selected tasks. Undefined means all matches of a search, which are not counted. */
  count: number | undefined;
  /** The number of tasks in the list. Undefined if it is not known. */
  listTotal: number | undefined;
  /** Whether the whole list is selected. */
  allSelected: boolean;
  onSelectAll: () => void;
  onComplete: () => void;
  onDelete: () => void;
  onClear: () => void;
  /** Open the menu of a field below a button. */
  onOpenMenu: (field: FieldMenuRequest['field'], anchor: FieldMenuRequest['anchor']) => void;
}

const MENUS: { field: FieldMenuRequest['field']; label: string; hotkey: string }[] = [
  { field: 'status', label: 'Status', hotkey: 'S' },
  { field: 'priority', label: 'Priority', hotkey: 'P' },
  { field: 'expiresAt', label: 'Expiry', hotkey: 'D' },
];

export function BulkActionsBar({ count, listTotal, allSelected, onOpenMenu, ...actions }: Props) {
  if (count === 0) return null;
  const total = listTotal === undefined ? 'matches' : formatCount(listTotal);
  return (
    <Group role="toolbar" aria-label="Selected tasks" className={styles.toolbar} gap={6}>
      <span className={styles.count} aria-live="polite">
        {count === undefined ? 'All matches selected' : `${formatCount(count)} selected`}
      </span>
      {!allSelected && (listTotal === undefined || (count ?? 0) < listTotal) && (
        <Button size="compact-sm" variant="subtle" onClick={actions.onSelectAll}>
          Select all {total}
        </Button>
      )}
      <ActionButton label="Complete" icon="check" hotkey="X" onClick={actions.onComplete} />
      {MENUS.map(({ field, label, hotkey }) => (
        <ActionButton key={field} label={label} hotkey={hotkey} menu onClick={(anchor) => onOpenMenu(field, anchor)} />
      ))}
      <ActionButton label="Delete" icon="trash" hotkey="Del" onClick={actions.onDelete} />
      <Button size="compact-sm" variant="subtle" color="gray" onClick={actions.onClear}>
        Clear
      </Button>
    </Group>
  );
}

interface ActionButtonProps {
  label: string;
  icon?: IconName;
  hotkey: string;
  menu?: boolean;
  onClick: (anchor: FieldMenuRequest['anchor']) => void;
}

function ActionButton({ label, icon, hotkey, menu, onClick }: ActionButtonProps) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={icon && <Icon name={icon} />}
      rightSection={<Kbd size="xs">{hotkey}</Kbd>}
      {...(menu ? { 'aria-haspopup': 'menu' as const } : {})}
      onClick={({ currentTarget }: MouseEvent) => {
        const { left, top } = currentTarget.getBoundingClientRect();
        onClick({ left, top });
      }}
    >
      {label}
    </Button>
  );
}
