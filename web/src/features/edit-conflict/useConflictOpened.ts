import { useState } from 'react';
import { editConflicts } from '@/features/task-editing/editConflicts';
import { useStore } from '@/ui/store';
import { typing } from '@/ui/typing';

/**
 * Whether the dialog about a conflict is open. It opens when the person pauses, because it takes the focus, and with it
 * each key that is still being typed. So does the dialog that takes its place while its code is loaded.
 */
export function useConflictOpened(): boolean {
  const wanted = useStore(editConflicts).length > 0;
  const isTyping = useStore(typing);
  const [opened, setOpened] = useState(false);
  if (opened !== wanted && !(wanted && isTyping)) setOpened(wanted);
  return opened && wanted;
}
