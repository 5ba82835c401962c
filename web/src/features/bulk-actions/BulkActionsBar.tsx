/** A toolbar with the actions for the selected tasks. */
import { Button, Group, Kbd } from '@mantine/core';
import type { MouseEvent } from 'react';
import type { FieldMenuRequest } from '@/features/field-menu/fieldMenuRequest';
import { useCanWrite } from '@/features/identity/permissions';
import { formatTotal, type Total } from '@/ui/format';
import { Icon, type IconName } from '@/ui/icons';
import { t } from '@/ui/messages';
import styles from './BulkActionsBar.module.css';

interface Props {
  /** The number of selected tasks. Undefined means all matches of a search or a filter, whose number is not known. */
  count: number | undefined;
  /** The number of tasks in the list. Undefined if it is not known. */
  listTotal: Total | undefined;
  /** Whether the whole list is selected. */
  allSelected: boolean;
  onSelectAll: () => void;
  onComplete: () => void;
  onDelete: () => void;
  onClear: () => void;
  /** Open the menu of a field below a button. */
  onOpenMenu: (field: FieldMenuRequest['field'], anchor: FieldMenuRequest['anchor']) => void;
}

const menus = (): { field: FieldMenuRequest['field']; label: string; hotkey: string; opens: 'menu' | 'dialog' }[] => [
  { field: 'status', label: t('tasks.field.status'), hotkey: 'S', opens: 'menu' },
  { field: 'priority', label: t('tasks.field.priority'), hotkey: 'P', opens: 'menu' },
  { field: 'listId', label: t('tasks.field.listId'), hotkey: 'M', opens: 'dialog' },
  { field: 'assignee', label: t('tasks.field.assignee'), hotkey: 'A', opens: 'dialog' },
  { field: 'labels', label: t('tasks.field.labels'), hotkey: 'B', opens: 'dialog' },
  { field: 'dueAt', label: t('tasks.field.dueAt'), hotkey: 'T', opens: 'dialog' },
  { field: 'expiresAt', label: t('bulk.expiry'), hotkey: 'D', opens: 'dialog' },
];

export function BulkActionsBar({ count, listTotal, allSelected, onOpenMenu, ...actions }: Props) {
  const canWrite = useCanWrite();
  if (count === 0) return null;
  const total = listTotal && formatTotal(listTotal);
  return (
    <Group role="toolbar" aria-label={t('bulk.selectedTasks')} className={styles.toolbar} gap={6}>
      <span className={styles.count} aria-live="polite">
        {count === undefined ? allSelectedText(total) : t('bulk.selected', { count })}
      </span>
      {!allSelected && (!listTotal?.exact || (count ?? 0) < listTotal.count) && (
        <Button size="compact-sm" variant="subtle" onClick={actions.onSelectAll}>
          {total === undefined ? t('bulk.selectAllMatches') : t('bulk.selectAll', { total })}
        </Button>
      )}
      {canWrite && <ActionButton label={t('bulk.complete')} icon="check" hotkey="X" onClick={actions.onComplete} />}
      {canWrite &&
        menus().map(({ field, label, hotkey, opens }) => (
          <ActionButton
            key={field}
            label={label}
            hotkey={hotkey}
            opens={opens}
            onClick={(anchor) => onOpenMenu(field, anchor)}
          />
        ))}
      {canWrite && (
        <ActionButton label={t('actions.delete')} icon="trash" hotkey={t('keys.delete')} onClick={actions.onDelete} />
      )}
      <Button size="compact-sm" variant="subtle" color="gray" onClick={actions.onClear}>
        {t('bulk.clear')}
      </Button>
    </Group>
  );
}

function allSelectedText(total: string | undefined): string {
  return total === undefined ? t('bulk.allMatchesSelected') : t('bulk.allSelected', { total });
}

interface ActionButtonProps {
  label: string;
  icon?: IconName;
  hotkey: string;
  opens?: 'menu' | 'dialog';
  onClick: (anchor: FieldMenuRequest['anchor']) => void;
}

function ActionButton({ label, icon, hotkey, opens, onClick }: ActionButtonProps) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={icon && <Icon name={icon} />}
      rightSection={<Kbd size="xs">{hotkey}</Kbd>}
      {...(opens ? { 'aria-haspopup': opens } : {})}
      onClick={({ currentTarget }: MouseEvent) => {
        const { left, top } = currentTarget.getBoundingClientRect();
        onClick({ left, top });
      }}
    >
      {label}
    </Button>
  );
}
