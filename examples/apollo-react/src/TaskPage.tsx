import { gql, type TypedDocumentNode } from '@apollo/client';
import { useQuery } from '@apollo/client/react';
import { TaskRow } from './TaskRow';
import { TASK_FIELDS, type Task } from './task';

type TaskPageData = {
  tasks: { nodes: Task[]; totalCount: number; pageInfo: { pageCount: number } };
};

const TASK_PAGE: TypedDocumentNode<TaskPageData, { page: number }> = gql`
  query TaskPage($page: Int!) {
    tasks(first: 20, page: $page) {
      nodes {
        ...TaskFields
      }
      totalCount
      pageInfo {
        pageCount
      }
    }
  }
  ${TASK_FIELDS}
`;

export function TaskPage({ page }: { page: number }) {
  const { data, previousData, error } = useQuery(TASK_PAGE, { variables: { page } });
  const tasks = (data ?? previousData)?.tasks;
  if (error) return <p role="alert">{error.message}</p>;
  if (!tasks) return <p>Loading …</p>;
  return (
    <>
      <p>
        {tasks.totalCount.toLocaleString('en')} tasks on {tasks.pageInfo.pageCount.toLocaleString('en')} pages
      </p>
      <ul>
        {tasks.nodes.map((task) => (
          <TaskRow key={task.id} task={task} />
        ))}
      </ul>
    </>
  );
}
