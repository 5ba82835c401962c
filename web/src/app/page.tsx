import { SessionGate } from '@/features/identity/SessionGate';
import { MessagesGate } from '@/features/language/MessagesGate';
import { PageSkeleton } from '@/features/tasks-page/PageSkeleton';
import { TasksPage } from '@/features/tasks-page/TasksPage';

/** The exported HTML contains the skeleton. The browser replaces it when it has read the URL. */
export default function Page() {
  return (
    <>
      <title>Millitask</title>
      <MessagesGate fallback={<PageSkeleton />}>
        <SessionGate fallback={<PageSkeleton />}>
          <TasksPage />
        </SessionGate>
      </MessagesGate>
    </>
  );
}
