import { memo, type MouseEvent } from 'react';
import { taskDrag } from '@/features/task-drag/taskDrag';
import { formatTaskCount } from '@/features/tasks/labels';
import { formatCount } from '@/ui/format';
import { Icon, type IconName } from '@/ui/icons';
import { useStore } from '@/ui/store';
import styles from './Sidebar.module.css';

interface Props {
  query: string;
  current: boolean;
  icon: IconName;
  count?: number | undefined;
  /** The id of the list that tasks can be dropped on. */
  dropList?: string | undefined;
  onChoose: (query: string) => void;
  children: string;
}

/** A link, so that the browser can open it in another tab. There may be thousands: a choice draws only two again. */
export const SidebarEntry = memo(function SidebarEntry({
  query,
  current,
  icon,
  count,
  dropList,
  onChoose,
  children,
}: Props) {
  const isOver = useStore({
    subscribe: taskDrag.subscribe,
    get: () => dropList !== undefined && taskDrag.get()?.over === dropList,
  });
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onChoose(query);
  };
  return (
    <li>
      <a
        href={`/${query}`}
        className={styles.entry}
        data-over={isOver}
        {...(dropList === undefined ? {} : { 'data-drop-list': dropList })}
        {...(current ? { 'aria-current': 'page' } : {})}
        onClick={onClick}
      >
        <Icon name={icon} />
        <span className={styles.name} dir="auto" title={children}>
          {children}
        </span>
        {count !== undefined && (
          <span className={styles.count} title={formatTaskCount(count)}>
            {formatCount(count)}
          </span>
        )}
      </a>
    </li>
  );
});
