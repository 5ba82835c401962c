/** The menu of a row: by touch, what the mouse and the keyboard do with hover, Shift click, and keys. */
import { type Item, ItemMenu } from '@/features/field-menu/FieldMenu';
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
  const items = [
    item(request.selected ? t('rowMenu.deselect') : t('rowMenu.select'), 'check', request.toggleSelected),
    ...(selectToHere ? [item(t('rowMenu.selectToHere'), 'check', selectToHere)] : []),
    item(request.done ? t('rowMenu.reopen') : t('rowMenu.complete'), 'check', request.toggleCompleted),
    item(t('rowMenu.setStatus'), 'list', () => request.openFieldMenu('status')),
    item(t('rowMenu.setPriority'), 'list', () => request.openFieldMenu('priority')),
    item(t('rowMenu.setExpiry'), 'clock', () => request.openFieldMenu('expiresAt')),
    item(t('rowMenu.copyLink'), 'link', request.copyLink),
    item(t('rowMenu.delete'), 'trash', request.deleteTask),
  ];
  return <ItemMenu name={t('rowMenu.name')} items={items} anchor={anchor} onClose={onClose} />;
}
