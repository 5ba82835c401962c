/** The title of the document: that of the open task, or else the name of the view. React moves it into the head. */
import { useFragment } from '@apollo/client/react';
import { type View, viewTitle } from '@/features/task-list/taskView';
import { TaskRowFragmentDoc } from '@/gql';

export function PageTitle({ view }: { view: View }) {
  const { data, complete } = useFragment({
    fragment: TaskRowFragmentDoc,
    from: view.task === null ? null : { __typename: 'Task', id: view.task },
  });
  return <title>{`${complete ? data.title : viewTitle(view)} – Millitask`}</title>;
}
