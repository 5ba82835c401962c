/** The title of the document: that of the open task, or else the name of the view. */
import { useFragment } from '@apollo/client/react';
import { useEffect } from 'react';
import { type View, viewTitle } from '@/features/task-list/taskView';
import { TaskRowFragmentDoc } from '@/gql';
import { isolate } from '@/ui/bidi';

export function PageTitle({ view }: { view: View }) {
  const { data, complete } = useFragment({
    fragment: TaskRowFragmentDoc,
    from: view.task === null ? null : { __typename: 'Task', id: view.task },
  });
  const name = complete ? isolate(data.title) : viewTitle(view);
  // A second title element would not count: the exported HTML has the first.
  useEffect(() => {
    document.title = `${name} – Millitask`;
  }, [name]);
  return null;
}
