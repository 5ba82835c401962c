/** The dialog in which lists are created, renamed and archived. A name is saved by Enter, or when its field loses the focus. */
import { useApolloClient } from '@apollo/client/react';
import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type SubmitEvent, useEffect, useState } from 'react';
import { useCanWrite } from '@/features/identity/permissions';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { handleUndoKeys } from '@/features/task-editing/undoToast';
import { sortLists } from '@/features/tasks/sortedLists';
import { readAllTaskLists, type TaskList, taskLists } from '@/features/tasks/taskLists';
import { isolate } from '@/ui/bidi';
import { Dialog } from '@/ui/Dialog';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { changeTaskList, createTaskList } from './editTaskLists';
import { listsDialogOpened } from './listsDialog';

const MAX_LENGTH = 200;

export function ListsDialog({ opened }: { opened: boolean }) {
  return (
    <Dialog
      opened={opened}
      onClose={() => listsDialogOpened.set(false)}
      title={t('lists.title')}
      size="lg"
      centered
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      {opened && <Lists />}
    </Dialog>
  );
}

function Lists() {
  const client = useApolloClient();
  const canWrite = useCanWrite();
  const lists = sortLists([...useStore(taskLists).values()]);
  const [state, setState] = useState<{ loaded: boolean; problem?: string }>({ loaded: false });
  useEffect(() => {
    readAllTaskLists(client).then(
      () => setState({ loaded: true }),
      (error: unknown) => setState({ loaded: true, problem: t('lists.notLoaded', { reason: errorMessage(error) }) }),
    );
  }, [client]);
  const inUse = lists.filter(({ archivedAt }) => archivedAt === null);
  const archived = lists.filter(({ archivedAt }) => archivedAt !== null);
  return (
    <Stack gap="sm" onKeyDown={handleUndoKeys}>
      {canWrite && <NewList />}
      {state.problem !== undefined && (
        <Text c="var(--bad)" size="sm" role="alert">
          {state.problem}
        </Text>
      )}
      {state.loaded && state.problem === undefined && lists.length === 0 && (
        <Text c="dimmed" size="sm">
          {t('lists.empty')}
        </Text>
      )}
      <Rows lists={inUse} canWrite={canWrite} />
      {archived.length > 0 && (
        <>
          <Text component="h3" size="sm" fw={600} m={0}>
            {t('lists.archivedLists')}
          </Text>
          <Text c="dimmed" size="xs">
            {t('lists.archivedHint')}
          </Text>
          <Rows lists={archived} canWrite={canWrite} />
        </>
      )}
    </Stack>
  );
}

function Rows({ lists, canWrite }: { lists: readonly TaskList[]; canWrite: boolean }) {
  return (
    <Stack component="ul" gap={6} m={0} p={0} style={{ listStyle: 'none' }}>
      {lists.map((list) => (
        <li key={list.id}>{canWrite ? <ListRow list={list} /> : <span dir="auto">{list.name}</span>}</li>
      ))}
    </Stack>
  );
}

function NewList() {
  const client = useApolloClient();
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();
  const create = async () => {
    const wanted = name.trim();
    if (!wanted) return setProblem(t('lists.nameMissing'));
    const created = await createTaskList(client, wanted);
    setProblem('problem' in created ? created.problem : undefined);
    // Text typed in the meantime belongs to another list.
    if (!('problem' in created)) setName((current) => (current.trim() === wanted ? '' : current));
  };
  return (
    <form
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        void create();
      }}
    >
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <TextInput
          style={{ flex: 1 }}
          data-autofocus
          aria-label={t('lists.newName')}
          placeholder={t('lists.newName')}
          maxLength={MAX_LENGTH}
          value={name}
          error={problem}
          onChange={(event) => {
            setProblem(undefined);
            setName(event.currentTarget.value);
          }}
        />
        <Button type="submit">{t('lists.create')}</Button>
      </Group>
    </form>
  );
}

function ListRow({ list }: { list: TaskList }) {
  const client = useApolloClient();
  const [name, setName] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const shown = name ?? list.name;
  const rename = async () => {
    const wanted = name?.trim();
    if (!wanted || wanted === list.name) {
      setProblem(undefined);
      return setName(undefined);
    }
    const reason = await changeTaskList(client, list, { name: wanted });
    setProblem(reason);
    if (reason === undefined) setName((current) => (current?.trim() === wanted ? undefined : current));
  };
  const isArchived = list.archivedAt !== null;
  const label = isArchived
    ? t('lists.unarchiveNamed', { name: isolate(list.name) })
    : t('lists.archiveNamed', { name: isolate(list.name) });
  const archive = async () => setProblem(await changeTaskList(client, list, { archived: !isArchived }));
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <TextInput
        style={{ flex: 1 }}
        aria-label={t('lists.nameOf', { name: isolate(list.name) })}
        maxLength={MAX_LENGTH}
        value={shown}
        error={problem}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={() => void rename()}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) void rename();
        }}
      />
      <ActionIcon size={34} variant="default" aria-label={label} title={label} onClick={() => void archive()}>
        <Icon name={isArchived ? 'undo' : 'archive'} />
      </ActionIcon>
    </Group>
  );
}
