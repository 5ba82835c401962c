/** A chart with its title, its legend and, on demand, the table of its values. */
import { Table } from '@mantine/core';
import { useId, useMemo, useState } from 'react';
import type { InsightsResolution } from '@/gql/insight';
import { t } from '@/ui/messages';
import styles from './Chart.module.css';
import { Chart, Swatch } from './Chart';
import type { Line } from './chartOptions';
import { type Format, formatPoint, orNone } from './formatFigure';

interface Props {
  title: string;
  /** Explains the title. */
  hint?: string;
  times: readonly string[];
  resolution: InsightsResolution;
  lines: readonly Line[];
  stacked?: boolean;
  format: Format;
  formatAxis?: Format;
  most?: number;
}

export function ChartCard(props: Props) {
  const { title, hint, times, resolution, lines, stacked = false, format, formatAxis = format, most } = props;
  const [opened, setOpened] = useState(false);
  const id = useId();
  const data = useMemo(
    () => ({ times: times.map((time) => new Date(time)), resolution, lines, stacked, formatAxis, most }),
    [times, resolution, lines, stacked, formatAxis, most],
  );
  const empty = lines.every((line) => line.values.every((value) => !value));
  return (
    <section className={styles.card} aria-labelledby={id}>
      <div className={styles.head}>
        <h3 id={id}>{title}</h3>
        <button type="button" className={styles.toggle} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {opened ? t('insight.hideTable') : t('insight.showTable')}
        </button>
      </div>
      {hint && <p className={styles.hint}>{hint}</p>}
      <ul className={styles.legend}>
        {lines.map((line) => (
          <li key={line.label}>
            <Swatch color={line.color} previous={line.previous ?? false} /> {line.label}
          </li>
        ))}
      </ul>
      {empty ? (
        <p className={styles.empty}>{t('insight.nothingCounted')}</p>
      ) : (
        <Chart data={data} label={t('insight.chartOf', { title })} format={format} />
      )}
      {opened && <ValueTable title={title} data={data} format={format} />}
    </section>
  );
}

interface TableProps {
  title: string;
  data: { times: readonly Date[]; resolution: InsightsResolution; lines: readonly Line[] };
  format: Format;
}

/** The latest time comes first. */
function ValueTable({ title, data: { times, resolution, lines }, format }: TableProps) {
  const rows = times.map((time, index) => ({ time, index })).toReversed();
  return (
    // Scrolls, so the keyboard must reach it.
    <div className={styles.tableFrame} tabIndex={0} role="region" aria-label={t('insight.tableOf', { title })}>
      <Table className={styles.table} stickyHeader verticalSpacing={4} horizontalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('insight.time')}</Table.Th>
            {lines.map((line) => (
              <Table.Th key={line.label} scope="col">
                {line.label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ time, index }) => (
            <Table.Tr key={index}>
              <Table.Th scope="row">{formatPoint(time, resolution)}</Table.Th>
              {lines.map((line) => (
                <Table.Td key={line.label}>{orNone(line.values[index], format)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
