/** The menu of a row: by touch, what the mouse and the keyboard do with hover, Shift click, and keys. */
import { type Item, ItemMenu } from '@/features/field-menu/FieldMenu';
import { useCanWrite } from '@/features/identity/permissions';
import { Icon, type IconName } from '@/ui/icons';
import { t } from '@/ui/messages';
import type { RowMenuRequest } from './rowMenuRequest';

interface Props extends RowMenuRequest {
  onClose: () => void;
}

export function RowMenu({ anchor, onClose, ...request }: Props) {
  const item = (label: string, icon: IconName, run: () => void): Item => ({
    label,
    icon: <Icon name={icon} />,
    run: () => {
      onClose();
      run();
    },
  });
  const { selectToHere } = request;
  const edits = [
    item(request.done ? t('rowMenu.reopen') : t('rowMenu.complete'), 'check', request.toggleCompleted),
    item(t('rowMenu.setStatus'), 'list', () => request.openFieldMenu('status')),
    item(t('rowMenu.setPriority'), 'list', () => request.openFieldMenu('priority')),
    item(t('rowMenu.setList'), 'folder', () => request.openFieldMenu('listId')),
    item(t('rowMenu.setAssignee'), 'user', () => request.openFieldMenu('assignee')),
    item(t('rowMenu.setLabels'), 'tag', () => request.openFieldMenu('labels')),
    item(t('rowMenu.setDue'), 'calendar', () => request.openFieldMenu('dueAt')),
    item(t('rowMenu.setExpiry'), 'clock', () => request.openFieldMenu('expiresAt')),
  ];
  const canWrite = useCanWrite();
  const items = [
    item(request.selected ? t('rowMenu.deselect') : t('rowMenu.select'), 'check', request.toggleSelected),
    ...(selectToHere ? [item(t('rowMenu.selectToHere'), 'check', selectToHere)] : []),
    ...(canWrite ? edits : []),
    item(t('rowMenu.copyLink'), 'link', request.copyLink),
    ...(canWrite ? [item(t('rowMenu.delete'), 'trash', request.deleteTask)] : []),
  ];
  return <ItemMenu name={t('rowMenu.name')} items={items} anchor={anchor} onClose={onClose} />;
}
