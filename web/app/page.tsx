import { Suspense } from 'react';
import { TasksPage } from '@/components/TasksPage';
import { Waiting } from '@/components/Waiting';

/** The URL is read in the browser; until then the page shows its frame. */
export default function Page() {
  return (
    <Suspense fallback={<Waiting />}>
      <TasksPage />
    </Suspense>
  );
}
