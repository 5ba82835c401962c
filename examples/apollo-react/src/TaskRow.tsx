import { gql, type TypedDocumentNode } from '@apollo/client';
import { useMutation } from '@apollo/client/react';
import { TASK_FIELDS, type Task, type UserError } from './task';

type Completed = {
  completeTask: { __typename: 'CompleteTaskPayload'; task: Task | null; userErrors: UserError[] };
};

const COMPLETE_TASK: TypedDocumentNode<Completed, { id: string }> = gql`
  mutation CompleteTask($id: ID!) {
    completeTask(input: { id: $id }) {
      task {
        ...TaskFields
      }
      userErrors {
        code
        message
      }
    }
  }
  ${TASK_FIELDS}
`;

export function TaskRow({ task }: { task: Task }) {
  const [completeTask, { data, error }] = useMutation(COMPLETE_TASK, {
    variables: { id: task.id },
    // Show the result at once. Apollo Client takes it back if the service refuses.
    optimisticResponse: {
      completeTask: { __typename: 'CompleteTaskPayload', task: { ...task, status: 'DONE' }, userErrors: [] },
    },
    onError: () => undefined,
  });
  const problem = error ?? data?.completeTask.userErrors[0];
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={task.status === 'DONE'}
          disabled={task.status === 'DONE'}
          onChange={() => completeTask()}
        />
        {task.title}
      </label>
      {problem && <em role="alert"> {problem.message}</em>}
    </li>
  );
}
