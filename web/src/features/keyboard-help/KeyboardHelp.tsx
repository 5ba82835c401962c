/** A dialog that lists every keyboard shortcut of the page. */
import { Group, Kbd, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';

const GROUPS: { name: string; shortcuts: [keys: string[], action: string][] }[] = [
  {
    name: 'Navigate',
    shortcuts: [
      [['J', '↓'], 'Next task'],
      [['K', '↑'], 'Previous task'],
      [['Page ↓', 'Page ↑'], 'Next or previous screen'],
      [['Home', 'End'], 'First or last task'],
      [['G'], 'Go to page'],
      [['/'], 'Search'],
    ],
  },
  {
    name: 'Edit',
    shortcuts: [
      [['C'], 'New task'],
      [['Enter'], 'Open task'],
      [['E', 'F2'], 'Edit title'],
      [['X'], 'Complete or reopen'],
      [['S'], 'Set status'],
      [['P'], 'Set priority'],
      [['D'], 'Set expiry'],
      [['Del', '⌫'], 'Delete'],
      [['Ctrl Z'], 'Undo'],
      [['Ctrl Shift Z', 'Ctrl Y'], 'Redo'],
    ],
  },
  {
    name: 'Select',
    shortcuts: [
      [['Space', 'Ctrl click'], 'Select or deselect task'],
      [['Shift ↓', 'Shift ↑'], 'Extend selection by a task'],
      [['Shift Page ↓', 'Shift Page ↑'], 'Extend selection by a screen'],
      [['Ctrl A'], 'Select all tasks of the view'],
      [['Shift click'], 'Select range'],
      [['Esc'], 'Close task, or clear selection'],
    ],
  },
  {
    name: 'General',
    shortcuts: [
      [['Ctrl K'], 'Command menu'],
      [['L'], 'Copy link to task'],
      [['?'], 'Keyboard shortcuts'],
    ],
  },
  {
    name: 'For developers',
    shortcuts: [[['I'], 'Insight: what the rows on screen cost']],
  },
];

export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={useOpenedAfterMount(opened)}
      onClose={onClose}
      title="Keyboard shortcuts"
      size="xl"
      centered
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" verticalSpacing="lg">
        {GROUPS.map(({ name, shortcuts }) => (
          <Stack key={name} gap={8}>
            <Title order={3} size="h6" c="dimmed">
              {name}
            </Title>
            {shortcuts.map(([keys, action]) => (
              <Group key={action} justify="space-between" wrap="nowrap" gap="sm">
                <Text size="sm">{action}</Text>
                <Group gap={4} wrap="nowrap">
                  {keys.map((key) => (
                    <Kbd key={key} size="xs">
                      {key}
                    </Kbd>
                  ))}
                </Group>
              </Group>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
      <Text size="xs" c="dimmed" mt="lg">
        On a Mac, use ⌘ instead of Ctrl. Shortcuts are off while you type.
      </Text>
    </Modal>
  );
}
