/** Who is signed in, where, and until when. From here the person switches the workspace or signs out. */
import { Button, Group, Modal, NativeSelect, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { session, type Viewer } from '@/apollo/session';
import { formatLongDate } from '@/ui/format';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import styles from './AccountDialog.module.css';
import { useIsAdmin } from './permissions';
import { nameOf } from './nameOf';
import { scopeName } from './scopeName';
import { switchWorkspace } from './sessionRequests';
import { countUnsaved, signOut } from './signOut';

interface Props {
  opened: boolean;
  onClose: () => void;
  /** Open one of the views for administrators. */
  onOpen: (panel: 'tokens' | 'audit') => void;
}

export function AccountDialog({ opened, onClose, onOpen }: Props) {
  const { viewer } = useStore(session);
  const shown = useOpenedAfterMount(opened && viewer !== null);
  const opener = useRef<Element>(null);
  useEffect(() => {
    if (shown) opener.current = document.activeElement;
  }, [shown]);
  const openNext: Props['onOpen'] = (panel) => {
    // The next dialog returns the focus to the element that has it now. The button of this dialog will be gone by then.
    if (opener.current instanceof HTMLElement) opener.current.focus();
    onOpen(panel);
  };
  return (
    <Modal
      opened={shown}
      onClose={onClose}
      title={t('account.title')}
      centered
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      {viewer && <Account viewer={viewer} onOpen={openNext} />}
    </Modal>
  );
}

function Account({ viewer, onOpen }: { viewer: Viewer; onOpen: Props['onOpen'] }) {
  const isAdmin = useIsAdmin();
  const { workspace, workspaces, scopes, expiresAt } = viewer;
  const name = nameOf(viewer);
  return (
    <Stack gap="md">
      <dl className={styles.facts}>
        <Fact name={t('account.name')}>
          <span dir="auto">{name}</span>
        </Fact>
        {name !== viewer.actor && (
          <Fact name={t('account.actor')}>
            <span dir="auto">{viewer.actor}</span>
          </Fact>
        )}
        <Fact name={t('account.workspace')}>
          <span dir="auto">{workspace.name}</span>
        </Fact>
        <Fact name={t('account.scopes')}>
          <ul className={styles.scopes}>
            {scopes.map((scope) => (
              <li key={scope}>{scopeName(scope)}</li>
            ))}
          </ul>
        </Fact>
        <Fact name={t('account.expires')}>
          {expiresAt ? <time dateTime={expiresAt}>{formatLongDate(expiresAt)}</time> : t('account.never')}
        </Fact>
      </dl>
      {workspaces && workspaces.length > 1 && <WorkspaceSelect current={workspace.id} workspaces={workspaces} />}
      {isAdmin && (
        <Group gap="xs">
          <Button variant="default" size="xs" leftSection={<Icon name="key" />} onClick={() => onOpen('tokens')}>
            {t('account.tokens')}
          </Button>
          <Button variant="default" size="xs" leftSection={<Icon name="list" />} onClick={() => onOpen('audit')}>
            {t('account.audit')}
          </Button>
          <Button component="a" href="/insight/" variant="default" size="xs" leftSection={<Icon name="gauge" />}>
            {t('account.insight')}
          </Button>
        </Group>
      )}
      <SignOut />
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface SelectProps {
  current: string;
  workspaces: readonly { id: string; name: string }[];
}

/** Unsaved text of this workspace is kept here, and sent when the person comes back. */
function WorkspaceSelect({ current, workspaces }: SelectProps) {
  const [error, setError] = useState<string>();
  const [switching, setSwitching] = useState(false);
  const choose = async (id: string) => {
    setSwitching(true);
    setError(await switchWorkspace(id));
    setSwitching(false);
  };
  return (
    <NativeSelect
      label={t('account.switch')}
      data={workspaces.map(({ id, name }) => ({ value: id, label: name }))}
      value={current}
      disabled={switching}
      error={error}
      errorProps={{ role: 'alert' }}
      onChange={(event) => void choose(event.currentTarget.value)}
    />
  );
}

function SignOut() {
  const [unsaved, setUnsaved] = useState(0);
  const [problem, setProblem] = useState<string>();
  const [leaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    setProblem(await signOut());
    setLeaving(false);
  };
  const ask = async () => {
    const count = await countUnsaved();
    if (count > 0) setUnsaved(count);
    else await leave();
  };
  return (
    <Stack gap="xs">
      {problem !== undefined && (
        <Text role="alert" size="sm" c="var(--bad)">
          {problem}
        </Text>
      )}
      {unsaved === 0 ? (
        <Group justify="flex-end">
          <Button variant="default" loading={leaving} onClick={() => void ask()}>
            {t('account.signOut')}
          </Button>
        </Group>
      ) : (
        <>
          <Text role="alert" size="sm">
            {t('account.unsaved', { count: unsaved })}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setUnsaved(0)}>
              {t('actions.cancel')}
            </Button>
            <Button color="red.9" loading={leaving} onClick={() => void leave()}>
              {t('account.signOutAnyway')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
