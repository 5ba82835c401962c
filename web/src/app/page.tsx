import { Suspense } from 'react';
import { TasksPage } from '@/features/tasks-page/TasksPage';
import { Waiting } from '@/features/tasks-page/PageSkeleton';

/** The URL is read in the browser; until then the page shows its frame. */
export default function Page() {
  return (
    <Suspense fallback={<Waiting />}>
      <TasksPage />
    </Suspense>
  );
}
