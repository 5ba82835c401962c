import { useState } from 'react';
import { NewTask } from './NewTask';
import { TaskPage } from './TaskPage';

export function App() {
  const [page, setPage] = useState(1);
  return (
    <main>
      <h1>Tasks</h1>
      <NewTask />
      <TaskPage page={page} />
      <form action={(form) => setPage(Number(form.get('page')))}>
        <input key={page} name="page" aria-label="Page" type="number" min={1} required defaultValue={page} />
        <button>Go to page</button>
      </form>
    </main>
  );
}
