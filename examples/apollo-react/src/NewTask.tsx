import { gql, type TypedDocumentNode } from '@apollo/client';
import { useMutation } from '@apollo/client/react';
import { useState, type FormEvent } from 'react';
import { TASK_FIELDS, type Task, type UserError } from './task';

type Created = {
  createTask: { task: Task | null; userErrors: UserError[] };
};

const CREATE_TASK: TypedDocumentNode<Created, { title: string }> = gql`
  mutation CreateTask($title: String!) {
    createTask(input: { title: $title }) {
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

export function NewTask() {
  const [title, setTitle] = useState('');
  const [createTask, { data, error, loading }] = useMutation(CREATE_TASK, {
    refetchQueries: ['TaskPage'],
    onError: () => undefined,
  });

  async function submit(event: FormEvent) {
    event.preventDefault();
    const result = await createTask({ variables: { title } });
    if (result.data?.createTask.task) setTitle('');
  }

  const problem = error ?? data?.createTask.userErrors[0];
  return (
    <form onSubmit={submit}>
      <input aria-label="New task" value={title} onChange={(event) => setTitle(event.target.value)} />
      <button disabled={loading}>Create</button>
      {problem && <em role="alert"> {problem.message}</em>}
    </form>
  );
}
