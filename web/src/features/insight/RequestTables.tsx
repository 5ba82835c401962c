/** What was requested most: operations, tasks, views, depths, clients and searches. */
import { actorName } from '@/features/administration/actorName';
import { ORDER_LABELS, type PageOrder, STATUS_LABELS } from '@/features/tasks/labels';
import { taskPath } from '@/features/tasks/taskLink';
import { t } from '@/ui/messages';
import { formatLatency, formatNumber, orNone } from './formatFigure';
import styles from './Insight.module.css';
import { clientLabel, operationLabel, searchLabel } from './names';
import { type Column, RankedTable } from './RankedTable';
import type { Figures } from './useInsight';

interface Requested {
  requests: { requests: number; previousRequests: number };
}

interface Charged extends Requested {
  points: number;
  previousPoints: number;
}

const requestsOf = ({ requests }: Requested) => requests.requests;

function requestColumns<Row extends Requested>(): Column<Row>[] {
  return [
    { label: t('insight.requests'), render: ({ requests }) => formatNumber(requests.requests) },
    { label: t('insight.previously'), render: ({ requests }) => formatNumber(requests.previousRequests) },
  ];
}

function pointColumns<Row extends Charged>(): Column<Row>[] {
  return [
    { label: t('insight.points'), render: ({ points }) => formatNumber(points) },
    { label: t('insight.pointsPreviously'), render: ({ previousPoints }) => formatNumber(previousPoints) },
  ];
}

type Operation = Figures['operations'][number];

export function OperationsTable({ operations }: { operations: readonly Operation[] }) {
  return (
    <RankedTable
      title={t('insight.operations')}
      hint={t('insight.operationsHint')}
      rows={operations}
      emptyText={t('insight.none.operations')}
      keyOf={({ name, hash }) => `${hash ?? ''} ${name}`}
      nameLabel={t('insight.operation.name')}
      renderName={({ name, hash, clients }) => (
        <>
          <span dir="auto" className={styles.strong} title={hash ?? undefined}>
            {operationLabel(name, hash)}
          </span>
          {clients[0] && (
            <span dir="auto" className={styles.sender}>
              {t('insight.mostlyBy', { client: actorName(clients[0].actor) })}
            </span>
          )}
        </>
      )}
      sizeOf={({ points }) => points}
      columns={[
        ...requestColumns<Operation>(),
        ...pointColumns<Operation>(),
        { label: t('insight.errors'), render: ({ errors }) => formatNumber(errors) },
        { label: t('insight.latency50'), render: ({ latency }) => orNone(latency.p50Ms, formatLatency) },
        { label: t('insight.latency95'), render: ({ latency }) => orNone(latency.p95Ms, formatLatency) },
        { label: t('insight.latency99'), render: ({ latency }) => orNone(latency.p99Ms, formatLatency) },
      ]}
    />
  );
}

export function RequestedTables({ figures }: { figures: Figures }) {
  const { tasks, views, depths, clients, searches, terms } = figures;
  return (
    <>
      <RankedTable
        title={t('insight.tasks')}
        hint={t('insight.tasksHint')}
        rows={tasks}
        emptyText={t('insight.none.tasks')}
        keyOf={({ id }) => id}
        nameLabel={t('insight.task')}
        renderName={({ id }) => <a href={taskPath(id)}>{id}</a>}
        sizeOf={requestsOf}
        columns={requestColumns()}
      />
      <RankedTable
        title={t('insight.clients')}
        rows={clients}
        emptyText={t('insight.none.clients')}
        keyOf={({ actor }) => actor}
        nameLabel={t('insight.client')}
        renderName={({ actor }) => <span dir="auto">{clientLabel(actor)}</span>}
        sizeOf={({ points }) => points}
        columns={[...requestColumns<Figures['clients'][number]>(), ...pointColumns<Figures['clients'][number]>()]}
      />
      <RankedTable
        title={t('insight.views')}
        rows={views}
        emptyText={t('insight.none.views')}
        keyOf={({ status, order }) => `${status ?? ''} ${order}`}
        nameLabel={t('insight.view')}
        renderName={({ status, order }) => (
          <a href={`/?${new URLSearchParams({ ...(status && { status }), order }).toString()}`}>
            {t('insight.viewName', {
              status: status ? STATUS_LABELS[status] : t('views.all'),
              order: ORDER_LABELS[order as PageOrder], // only views of these orders are counted
            })}
          </a>
        )}
        sizeOf={requestsOf}
        columns={requestColumns()}
      />
      <RankedTable
        title={t('insight.depths')}
        hint={t('insight.depthsHint')}
        rows={depths.some(({ requests }) => requests.requests + requests.previousRequests > 0) ? depths : []}
        emptyText={t('insight.none.depths')}
        keyOf={({ fromPosition }) => String(fromPosition)}
        nameLabel={t('insight.depth')}
        renderName={depthLabel}
        sizeOf={requestsOf}
        columns={requestColumns()}
      />
      <RankedTable
        title={t('insight.searches')}
        rows={searches}
        emptyText={t('insight.none.searches')}
        keyOf={({ text }) => text}
        nameLabel={t('insight.search.kind')}
        renderName={({ text }) => searchLabel(text)}
        sizeOf={requestsOf}
        columns={requestColumns()}
      />
      <RankedTable
        title={t('insight.terms')}
        rows={terms}
        emptyText={t('insight.none.terms')}
        keyOf={({ text }) => text}
        nameLabel={t('insight.term')}
        renderName={({ text }) => <span dir="auto">{text}</span>}
        sizeOf={requestsOf}
        columns={requestColumns()}
      />
    </>
  );
}

/** Rows count from 1, as in the list. */
function depthLabel({ fromPosition, toPosition }: Figures['depths'][number]): string {
  const first = formatNumber(fromPosition + 1);
  if (toPosition === null) return t('insight.fromRow', { first });
  if (toPosition - fromPosition === 1) return t('insight.atRow', { first });
  return t('insight.rows', { first, last: formatNumber(toPosition) });
}
