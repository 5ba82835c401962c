/** The dialog in which the view on screen is saved, and saved views are renamed and removed. */
import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type SubmitEvent, useEffect, useState } from 'react';
import { isolate } from '@/ui/bidi';
import { Dialog } from '@/ui/Dialog';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { showErrorToast, showToast } from '@/ui/toast';
import {
  MAX_NAME_LENGTH,
  MAX_VIEWS,
  removeView,
  renameView,
  type SavedView,
  savedViews,
  saveView,
  watchSavedViews,
} from './savedViews';

interface Props {
  opened: boolean;
  /** The view on screen as the URL writes it. */
  query: string;
  /** A name that describes it. */
  suggestedName: string;
  onClose: () => void;
}

export function SavedViewsDialog({ opened, onClose, ...view }: Props) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={t('savedViews.title')}
      size="lg"
      centered
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      {opened && <Views {...view} onSaved={onClose} />}
    </Dialog>
  );
}

function Views({ query, suggestedName, onSaved }: Omit<Props, 'opened' | 'onClose'> & { onSaved: () => void }) {
  const views = useStore(savedViews);
  useEffect(watchSavedViews, []);
  return (
    <Stack gap="sm">
      {query !== '' && <NewView query={query} suggestedName={suggestedName} onSaved={onSaved} />}
      <Text c="dimmed" size="xs">
        {views.length === 0 ? t('savedViews.empty') : t('savedViews.hint')}
      </Text>
      <Stack component="ul" gap={6} m={0} p={0} style={{ listStyle: 'none' }}>
        {views.map((view) => (
          <li key={view.id}>
            <ViewRow view={view} />
          </li>
        ))}
      </Stack>
    </Stack>
  );
}

function NewView({ query, suggestedName, onSaved }: { query: string; suggestedName: string; onSaved: () => void }) {
  const [name, setName] = useState(suggestedName.slice(0, MAX_NAME_LENGTH));
  const [problem, setProblem] = useState<string>();
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (!wanted) return setProblem(t('savedViews.nameMissing'));
    if (savedViews.get().length >= MAX_VIEWS) return setProblem(t('savedViews.full', { limit: MAX_VIEWS }));
    reportStored(saveView(wanted, query), t('savedViews.saved', { name: isolate(wanted) }));
    onSaved();
  };
  return (
    <form onSubmit={onSubmit}>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <TextInput
          style={{ flex: 1 }}
          data-autofocus
          aria-label={t('savedViews.newName')}
          placeholder={t('savedViews.newName')}
          maxLength={MAX_NAME_LENGTH}
          value={name}
          error={problem}
          onFocus={(event) => event.target.select()}
          onChange={(event) => {
            setProblem(undefined);
            setName(event.currentTarget.value);
          }}
        />
        <Button type="submit">{t('savedViews.save')}</Button>
      </Group>
    </form>
  );
}

function ViewRow({ view }: { view: SavedView }) {
  const [name, setName] = useState<string>();
  const rename = () => {
    const wanted = name?.trim();
    setName(undefined);
    if (wanted && wanted !== view.name) reportStored(renameView(view.id, wanted));
  };
  const label = t('savedViews.removeNamed', { name: isolate(view.name) });
  const remove = () => {
    const restore = removeView(view.id);
    const undo = { label: t('actions.undo'), run: restore };
    showToast(t('savedViews.removed', { name: isolate(view.name) }), undo);
  };
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <TextInput
        style={{ flex: 1 }}
        aria-label={t('savedViews.nameOf', { name: isolate(view.name) })}
        maxLength={MAX_NAME_LENGTH}
        value={name ?? view.name}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={rename}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) rename();
        }}
      />
      <ActionIcon size={34} variant="default" aria-label={label} title={label} onClick={remove}>
        <Icon name="trash" />
      </ActionIcon>
    </Group>
  );
}

function reportStored(stored: boolean, message?: string): void {
  if (!stored) showErrorToast(t('savedViews.notStored'));
  else if (message !== undefined) showToast(message);
}
