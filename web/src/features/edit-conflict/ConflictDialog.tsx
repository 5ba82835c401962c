/** Shows both versions of a task that was edited twice, and asks which one to keep. */
import { Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { draftKey, writeDraft } from '@/features/task-editing/drafts';
import { type EditConflict, editConflict } from '@/features/task-editing/editConflict';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import type { TaskPriority, TaskStatus } from '@/gql';
import { formatLongDate } from '@/ui/format';
import { useStore } from '@/ui/store';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';

const FIELD_LABELS = {
  title: 'Title',
  description: 'Description',
  status: 'Status',
  priority: 'Priority',
  expiresAt: 'Expires',
};
type Field = keyof typeof FIELD_LABELS;
const FIELDS = Object.keys(FIELD_LABELS) as Field[];

export function ConflictDialog() {
  const current = useStore(editConflict);
  // The closing dialog keeps its content while it fades out.
  const [shown, setShown] = useState(current);
  if (current && current !== shown) setShown(current);
  const close = () => editConflict.set(undefined);
  return (
    <Modal
      opened={useOpenedAfterMount(current !== undefined)}
      onClose={close}
      title="Someone else changed this task"
      size="lg"
      centered
      zIndex={400}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Decide later' }}
    >
      {shown && <VersionChoice {...shown} onDone={close} />}
    </Modal>
  );
}

function VersionChoice({ mine, theirs, onDone }: EditConflict & { onDone: () => void }) {
  const updateTasks = useUpdateTasks();
  const editedFields = FIELDS.filter((field) => mine[field] !== undefined);
  const keepMine = () => {
    onDone();
    void updateTasks([{ ...mine, expectedVersion: theirs.version }], { successMessage: 'Your version was saved.' });
  };
  const keepTheirs = () => {
    onDone();
    for (const field of editedFields) writeDraft(draftKey(mine.id, field), undefined);
  };
  return (
    <Stack>
      <Text size="sm">
        You started from version {mine.expectedVersion}. The task is now at version {theirs.version}, updated{' '}
        {formatLongDate(theirs.updatedAt)}. Which version do you want to keep?
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
          {editedFields.map((field) => (
            <Table.Tr key={field}>
              <Table.Th scope="row">{FIELD_LABELS[field]}</Table.Th>
              <ValueCell field={field} value={mine[field]} />
              <ValueCell field={field} value={theirs[field]} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end">
        <Button variant="default" onClick={keepTheirs}>
          Keep theirs
        </Button>
        <Button onClick={keepMine} data-autofocus>
          Keep mine
        </Button>
      </Group>
    </Stack>
  );
}

interface ValueProps {
  field: Field;
  value: string | null | undefined;
}

function ValueCell(props: ValueProps) {
  return <Table.Td style={{ overflowWrap: 'anywhere', verticalAlign: 'top' }}>{formatValue(props)}</Table.Td>;
}

function formatValue({ field, value }: ValueProps): string {
  if (value === null || value === undefined) return field === 'expiresAt' ? 'Never' : '–';
  if (field === 'status') return STATUS_LABELS[value as TaskStatus];
  if (field === 'priority') return PRIORITY_LABELS[value as TaskPriority];
  if (field === 'expiresAt') return formatLongDate(value);
  return value === '' ? '(empty)' : value;
}
