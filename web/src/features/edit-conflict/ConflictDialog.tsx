/** Two versions of a task side by side, one of which is to be chosen. */
import { Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { conflict, type Conflict } from '@/features/task-editing/editConflict';
import { draftKey, writeDraft } from '@/features/task-editing/drafts';
import { useStore } from '@/ui/store';
import { longDate, PRIORITY, STATUS } from '@/ui/format';
import type { TaskPriority, TaskStatus } from '@/gql';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { useOpened } from '@/ui/useOpenedAfterMount';

const FIELDS = ['title', 'description', 'status', 'priority', 'expiresAt'] as const;
const NAMES = {
  title: 'Title',
  description: 'Description',
  status: 'Status',
  priority: 'Priority',
  expiresAt: 'Expires',
};

export function ConflictDialog() {
  const now = useStore(conflict);
  const [shown, setShown] = useState(now);
  if (now && now !== shown) setShown(now);
  const close = () => conflict.set(undefined);
  return (
    <Modal
      opened={useOpened(now !== undefined)}
      onClose={close}
      title="Somebody else has changed this task"
      size="lg"
      centered
      zIndex={400}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Decide later' }}
    >
      {shown && <Choice {...shown} onDone={close} />}
    </Modal>
  );
}

function Choice({ mine, theirs, onDone }: Conflict & { onDone: () => void }) {
  const updateTasks = useUpdateTasks();
  const changed = FIELDS.filter((field) => mine[field] !== undefined);
  const keepMine = () => {
    onDone();
    void updateTasks([{ ...mine, expectedVersion: theirs.version }], { done: 'Your version was saved.' });
  };
  const takeTheirs = () => {
    onDone();
    for (const field of changed) writeDraft(draftKey(mine.id, field), undefined);
  };
  return (
    <Stack>
      <Text size="sm">
        You began with version {mine.expectedVersion}; it is at version {theirs.version} now, changed{' '}
        {longDate(theirs.updatedAt)}. Which one is to stay?
      </Text>
      <Table layout="fixed" withTableBorder withColumnBorders>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={96}>Field</Table.Th>
            <Table.Th>Yours</Table.Th>
            <Table.Th>Theirs</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changed.map((field) => (
            <Table.Tr key={field}>
              <Table.Th scope="row">{NAMES[field]}</Table.Th>
              <Value field={field} value={mine[field]} />
              <Value field={field} value={theirs[field]} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end">
        <Button variant="default" onClick={takeTheirs}>
          Take theirs
        </Button>
        <Button onClick={keepMine} data-autofocus>
          Keep mine
        </Button>
      </Group>
    </Stack>
  );
}

function Value({ field, value }: { field: (typeof FIELDS)[number]; value: string | null | undefined }) {
  return <Table.Td style={{ overflowWrap: 'anywhere', verticalAlign: 'top' }}>{inWords(field, value)}</Table.Td>;
}

function inWords(field: (typeof FIELDS)[number], value: string | null | undefined): string {
  if (value === null || value === undefined) return field === 'expiresAt' ? 'Never' : '–';
  if (field === 'status') return STATUS[value as TaskStatus];
  if (field === 'priority') return PRIORITY[value as TaskPriority];
  if (field === 'expiresAt') return longDate(value);
  return value === '' ? '(empty)' : value;
}
