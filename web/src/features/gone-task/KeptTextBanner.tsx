/** A banner for unsaved text of tasks that are gone, because the list does not show these tasks any more. */
import { Button, Text } from '@mantine/core';
import { detachedTitle } from '@/features/task-editing/detachedTitle';
import { goneTasks } from '@/features/task-editing/goneTasks';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { useDraftedTaskIds } from './useDraftedTaskIds';
import styles from './GoneTaskNotice.module.css';

const MAX_TITLE_CHARACTERS = 60;

interface Props {
  /** The task that is open. Its text is on screen. */
  openId: string | null;
  onOpen: (id: string) => void;
}

export function KeptTextBanner({ openId, onOpen }: Props) {
  const gone = useStore(goneTasks);
  const editedId = useStore(detachedTitle)?.task.id;
  const ids = useDraftedTaskIds().filter((id) => gone.has(id) && id !== openId && id !== editedId);
  const [id] = ids;
  if (id === undefined) return null;
  const title = gone.get(id)?.lastSeen.title ?? '';
  const shortTitle = title.length > MAX_TITLE_CHARACTERS ? `${title.slice(0, MAX_TITLE_CHARACTERS)}…` : title;
  const text = shortTitle ? t('goneTask.bannerNamed', { title: isolate(shortTitle) }) : t('goneTask.bannerUnnamed');
  return (
    <div role="status" className={styles.banner}>
      <Text size="sm">{ids.length > 1 ? t('goneTask.bannerMany', { count: ids.length }) : text}</Text>
      <Button size="compact-sm" variant="default" onClick={() => onOpen(id)}>
        {t('goneTask.showText')}
      </Button>
    </div>
  );
}
