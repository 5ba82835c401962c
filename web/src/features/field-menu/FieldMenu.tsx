/** A menu or a dialog that sets one field of the active task or of all selected ones. In a menu, digits choose. */
import { Kbd, Menu } from '@mantine/core';
import { type ReactNode, useLayoutEffect, useRef } from 'react';
import type { BulkFields, TaskEdit } from '@/features/bulk-changes/bulkItem';
import { DateTimePicker } from '@/features/date-time/parts';
import { FieldPicker } from '@/features/field-picker/parts';
import { PRIORITY_LABELS, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import { PriorityIcon, StatusIcon } from '@/features/tasks/TaskIcons';
import { useEscapeKey } from '@/ui/escapeKey';
import { t } from '@/ui/messages';
import styles from './FieldMenu.module.css';
import type { FieldMenuRequest } from './fieldMenuRequest';

export interface Item {
  label: string;
  icon: ReactNode;
  current?: boolean;
  run: () => void;
}

interface Props extends FieldMenuRequest {
  onClose: () => void;
}

export function FieldMenu({ field, anchor, current, known, onPick, onClose }: Props) {
  const edit = (wanted: TaskEdit) => {
    onClose();
    onPick(wanted);
  };
  const pick = (fields: BulkFields) => edit({ kind: 'update', fields });
  if (field === 'expiresAt' || field === 'dueAt') {
    return (
      <DateTimePicker
        field={field}
        value={current?.[field]}
        many={current === undefined}
        onPick={(iso) => pick({ [field]: iso })}
        onClose={onClose}
      />
    );
  }
  if (field !== 'status' && field !== 'priority') {
    return <FieldPicker field={field} known={known} onPick={edit} onClose={onClose} />;
  }
  return <ItemMenu name={fieldName(field)} items={itemsOf(field, current, pick)} anchor={anchor} onClose={onClose} />;
}

interface ItemMenuProps {
  name: string;
  items: Item[];
  anchor: FieldMenuRequest['anchor'];
  onClose: () => void;
}

/** A menu at a place of the window. Number keys choose an item. */
export function ItemMenu({ name, items, anchor, onClose }: ItemMenuProps) {
  useEscapeKey(true, onClose);
  const latestItems = useRef(items);
  const focusedIndex = Math.max(
    items.findIndex(({ current }) => current),
    0,
  );
  useLayoutEffect(() => {
    latestItems.current = items;
  });
  // On the window, because the menu receives the focus a moment after it appears.
  useLayoutEffect(() => {
    const pickByNumber = (event: KeyboardEvent) => {
      const item = latestItems.current[Number(event.key) - 1];
      if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      item.run();
    };
    window.addEventListener('keydown', pickByNumber);
    return () => window.removeEventListener('keydown', pickByNumber);
  }, []);
  return (
    <Menu
      opened
      onClose={onClose}
      closeOnEscape={false}
      position="bottom-start"
      offset={4}
      transitionProps={{ duration: 0 }}
      returnFocus={false}
      withInitialFocusPlaceholder={false}
      shadow="md"
    >
      <Menu.Target>
        <button type="button" tabIndex={-1} aria-label={name} className={styles.anchor} style={anchor} />
      </Menu.Target>
      <Menu.Dropdown className={styles.dropdown}>
        {items.map(({ label, icon, current: isCurrent, run }, i) => (
          <Menu.Item
            key={label}
            leftSection={icon}
            rightSection={<Kbd size="xs">{i + 1}</Kbd>}
            {...(isCurrent ? { 'aria-current': true, 'data-current': true } : {})}
            data-autofocus={i === focusedIndex || undefined}
            onClick={run}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

type MenuField = 'status' | 'priority';

function fieldName(field: MenuField): string {
  return field === 'status' ? t('tasks.field.status') : t('tasks.field.priority');
}

function itemsOf(field: MenuField, current: BulkFields | undefined, pick: (fields: BulkFields) => void): Item[] {
  if (field === 'status') {
    return selectOptions(STATUS_LABELS).map(({ value: status, label }) => ({
      label,
      icon: <StatusIcon status={status} />,
      current: current?.status === status,
      run: () => pick({ status }),
    }));
  }
  return selectOptions(PRIORITY_LABELS).map(({ value: priority, label }) => ({
    label,
    icon: <PriorityIcon priority={priority} />,
    current: current?.priority === priority,
    run: () => pick({ priority }),
  }));
}
