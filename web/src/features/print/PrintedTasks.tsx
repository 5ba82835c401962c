import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { formatLongDate, formatShortDate } from '@/ui/format';
import { t } from '@/ui/messages';
import type { PrintedRow } from './printRequest';

interface Props {
  title: string;
  summary: string;
  rows: PrintedRow[];
}

export function PrintedTasks({ title, summary, rows }: Props) {
  return (
    <>
      <h1 dir="auto">{title}</h1>
      <p>{summary}</p>
      <table>
        <thead>
          <tr>
            <th>{t('print.task')}</th>
            <th>{t('print.status')}</th>
            <th>{t('print.priority')}</th>
            <th>{t('tasks.field.dueAt')}</th>
            <th>{t('print.expires')}</th>
            <th>{t('print.created')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, title: name, status, priority, dueAt, expiresAt, createdAt }) => (
            <tr key={id}>
              <td dir="auto">{name}</td>
              <td>{STATUS_LABELS[status]}</td>
              <td>{priority === 'NONE' ? '' : PRIORITY_LABELS[priority]}</td>
              <td>{dueAt && formatLongDate(dueAt)}</td>
              <td>{expiresAt && formatLongDate(expiresAt)}</td>
              <td>{formatShortDate(createdAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
