/** Icons for the status and the priority of a task. */
import type { TaskPriority, TaskStatus } from '@/gql';
import { ICON_BOX } from '@/ui/icons';

export function StatusIcon({ status }: { status: TaskStatus }) {
  if (status === 'DONE') {
    return (
      <svg {...ICON_BOX}>
        <circle cx="8" cy="8" r="6.75" fill="var(--done)" />
        <path
          d="M5 8.2l2.1 2.1L11 6.2"
          stroke="var(--surface)"
          strokeWidth="1.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
    );
  }
  return (
    <svg {...ICON_BOX}>
      <circle cx="8" cy="8" r="6" stroke={status === 'TODO' ? 'var(--faint)' : 'var(--progress)'} strokeWidth="1.5" />
      {status === 'IN_PROGRESS' && <path d="M8 4.5a3.5 3.5 0 010 7z" fill="var(--progress)" />}
    </svg>
  );
}

/** How many of the three bars are filled. */
const FILLED_BARS: Record<TaskPriority, number> = { NONE: 0, LOW: 1, MEDIUM: 2, HIGH: 3, URGENT: 4 };

export function PriorityIcon({ priority }: { priority: TaskPriority }) {
  if (priority === 'URGENT') {
    return (
      <svg {...ICON_BOX}>
        <rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="var(--urgent)" />
        <path d="M8 4.5v4.2M8 11.3v.1" stroke="var(--surface)" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
    );
  }
  return (
    <svg {...ICON_BOX}>
      {[0, 1, 2].map((bar) => (
        <rect
          key={bar}
          x={2 + bar * 4.5}
          y={10 - bar * 3.5}
          width="3"
          height={4 + bar * 3.5}
          rx="1"
          fill="var(--dim)"
          opacity={bar < FILLED_BARS[priority] ? 1 : 0.25}
        />
      ))}
    </svg>
  );
}
