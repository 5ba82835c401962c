import { gql, type TypedDocumentNode } from '@apollo/client';

export type Task = {
  __typename: 'Task';
  id: string;
  title: string;
  status: 'TODO' | 'IN_PROGRESS' | 'DONE';
  version: number;
};

export type UserError = {
  code: string;
  message: string;
};

export const TASK_FIELDS: TypedDocumentNode<Task> = gql`
  fragment TaskFields on Task {
    id
    title
    status
    version
  }
`;
