/** A dialog that lists every keyboard shortcut of the page. */
import { Group, Kbd, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Dialog } from '@/ui/Dialog';
import { t } from '@/ui/messages';
import { keyName } from './keyName';

const groups = (): { name: string; shortcuts: [keys: string[], action: string][] }[] => [
  {
    name: t('keyboardHelp.group.navigate'),
    shortcuts: [
      [['J', '↓'], t('keyboardHelp.nextTask')],
      [['K', '↑'], t('keyboardHelp.previousTask')],
      [['Page+↓', 'Page+↑'], t('keyboardHelp.screen')],
      [['Home', 'End'], t('keyboardHelp.firstOrLast')],
      [['G'], t('keyboardHelp.goToPage')],
      [['/'], t('keyboardHelp.search')],
      [['F'], t('keyboardHelp.filter')],
      [['V'], t('keyboardHelp.sidebar')],
    ],
  },
  {
    name: t('keyboardHelp.group.edit'),
    shortcuts: [
      [['C'], t('keyboardHelp.newTask')],
      [['Enter'], t('keyboardHelp.openTask')],
      [['E', 'F2'], t('keyboardHelp.editTitle')],
      [['E'], t('keyboardHelp.editDescription')],
      [['X'], t('keyboardHelp.complete')],
      [['S'], t('keyboardHelp.setStatus')],
      [['P'], t('keyboardHelp.setPriority')],
      [['M'], t('keyboardHelp.setList')],
      [['A'], t('keyboardHelp.setAssignee')],
      [['B'], t('keyboardHelp.setLabels')],
      [['T'], t('keyboardHelp.setDue')],
      [['D'], t('keyboardHelp.setExpiry')],
      [['Del', '⌫'], t('actions.delete')],
      [['Ctrl+Z'], t('actions.undo')],
      [['Ctrl+Shift+Z', 'Ctrl+Y'], t('actions.redo')],
    ],
  },
  {
    name: t('keyboardHelp.group.select'),
    shortcuts: [
      [['Space', 'Ctrl+click'], t('keyboardHelp.select')],
      [['Shift+↓', 'Shift+↑'], t('keyboardHelp.extendByTask')],
      [['Shift+Page+↓', 'Shift+Page+↑'], t('keyboardHelp.extendByScreen')],
      [['Ctrl+A'], t('keyboardHelp.selectAll')],
      [['Shift+click'], t('keyboardHelp.selectRange')],
      [['Esc'], t('keyboardHelp.escape')],
    ],
  },
  {
    name: t('keyboardHelp.group.general'),
    shortcuts: [
      [['Ctrl+K'], t('keyboardHelp.commandMenu')],
      [['L'], t('keyboardHelp.copyLink')],
      [['Ctrl+P'], t('keyboardHelp.print')],
      [['?'], t('keyboardHelp.title')],
    ],
  },
  {
    name: t('keyboardHelp.group.developers'),
    shortcuts: [[['I'], t('keyboardHelp.requestMetrics')]],
  },
];

export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={t('keyboardHelp.title')}
      size="xl"
      centered
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" verticalSpacing="lg">
        {groups().map(({ name, shortcuts }) => (
          <Stack key={name} gap={8}>
            <Title order={3} size="h6" c="dimmed">
              {name}
            </Title>
            {shortcuts.map(([keys, action]) => (
              <Group key={action} justify="space-between" wrap="nowrap" gap="sm">
                <Text size="sm">{action}</Text>
                <Group gap={4} wrap="nowrap" style={{ flexShrink: 0 }}>
                  {keys.map((key) => (
                    <Kbd key={key} size="xs" style={{ flexShrink: 0, whiteSpace: 'nowrap' }}>
                      {keyName(key)}
                    </Kbd>
                  ))}
                </Group>
              </Group>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
      <Text size="xs" c="dimmed" mt="lg">
        {t('keyboardHelp.note')}
      </Text>
    </Dialog>
  );
}
