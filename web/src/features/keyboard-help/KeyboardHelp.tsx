/** Every key of the page. */
import { Group, Kbd, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useOpened } from '@/ui/useOpenedAfterMount';

const GROUPS: { name: string; keys: [keys: string[], does: string][] }[] = [
  {
    name: 'Move',
    keys: [
      [['J', '↓'], 'Next task'],
      [['K', '↑'], 'Task before'],
      [['Page ↓', 'Page ↑'], 'A screen on, or back'],
      [['Home', 'End'], 'First and last task'],
      [['G'], 'Go to page'],
      [['/'], 'Search'],
    ],
  },
  {
    name: 'Work',
    keys: [
      [['C'], 'New task'],
      [['Enter'], 'Open the task'],
      [['E', 'F2'], 'Edit the title in place'],
      [['X'], 'Complete, or reopen'],
      [['Del', '⌫'], 'Delete'],
      [['Ctrl Z'], 'Undo'],
    ],
  },
  {
    name: 'Select',
    keys: [
      [['Space'], 'Select the task'],
      [['Shift ↓', 'Shift ↑'], 'Select on'],
      [['Shift Page ↓', 'Shift Page ↑'], 'Select a screen on, or back'],
      [['Shift click'], 'Select up to here'],
      [['Esc'], 'Select none'],
    ],
  },
  {
    name: 'Page',
    keys: [
      [['Ctrl K'], 'All commands'],
      [['I'], 'Insight: what the cache did'],
      [['?'], 'This help'],
    ],
  },
];

export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={useOpened(opened)}
      onClose={onClose}
      title="Keyboard"
      size="xl"
      centered
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" verticalSpacing="lg">
        {GROUPS.map(({ name, keys }) => (
          <Stack key={name} gap={8}>
            <Title order={3} size="h6" c="dimmed">
              {name}
            </Title>
            {keys.map(([names, does]) => (
              <Group key={does} justify="space-between" wrap="nowrap" gap="sm">
                <Text size="sm">{does}</Text>
                <Group gap={4} wrap="nowrap">
                  {names.map((key) => (
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
        On a Mac, ⌘ is Ctrl. While you type, keys are letters.
      </Text>
    </Modal>
  );
}
