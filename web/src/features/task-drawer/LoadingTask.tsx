/** Stands for a task that is being loaded. If its title is to be edited, text typed until then is kept for the title. */
import { Skeleton, Stack } from '@mantine/core';
import { useLayoutEffect } from 'react';
import { titleEditWanted } from '@/features/tasks/openTask';
import { useStore } from '@/ui/store';
import { expectField, expectNoField } from '@/ui/typeAhead';

export function LoadingTask() {
  const wanted = useStore(titleEditWanted);
  useLayoutEffect(() => {
    if (!wanted) return undefined;
    expectField();
    // The title takes the focus first, unless the task is missing or cannot be changed.
    return () => queueMicrotask(expectNoField);
  }, [wanted]);
  return (
    <Stack aria-busy="true">
      <Skeleton height={34} />
      <Skeleton height={160} />
      <Skeleton height={34} />
    </Stack>
  );
}
