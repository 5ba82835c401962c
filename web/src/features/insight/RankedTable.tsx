/** A table of what was requested most, with a bar for each row. Long tables show their first rows until asked for more. */
import { Table } from '@mantine/core';
import { type ReactNode, useId, useState } from 'react';
import { t } from '@/ui/messages';
import chartStyles from './Chart.module.css';
import styles from './Insight.module.css';

const FIRST_ROWS = 8;

export interface Column<Row> {
  label: string;
  render: (row: Row) => ReactNode;
}

interface Props<Row> {
  title: string;
  hint?: string;
  rows: readonly Row[];
  /** Takes the place of the table if it has no rows: what is missing, and why. */
  emptyText: string;
  keyOf: (row: Row) => string;
  /** The columns of numbers, after the name. */
  columns: readonly Column<Row>[];
  nameLabel: string;
  renderName: (row: Row) => ReactNode;
  /** The number that the bars show. */
  sizeOf: (row: Row) => number;
}

export function RankedTable<Row>(props: Props<Row>) {
  const { title, hint, rows, emptyText, keyOf, columns, nameLabel, renderName, sizeOf } = props;
  const [opened, setOpened] = useState(false);
  const id = useId();
  const most = Math.max(...rows.map(sizeOf), 1);
  const shown = opened ? rows : rows.slice(0, FIRST_ROWS);
  return (
    <section className={chartStyles.card} aria-labelledby={id}>
      <div className={chartStyles.head}>
        <h3 id={id}>{title}</h3>
        {rows.length > FIRST_ROWS && (
          <button
            type="button"
            className={chartStyles.toggle}
            aria-expanded={opened}
            onClick={() => setOpened(!opened)}
          >
            {opened ? t('insight.showFirst', { count: FIRST_ROWS }) : t('insight.showAll', { count: rows.length })}
          </button>
        )}
      </div>
      {hint && <p className={chartStyles.hint}>{hint}</p>}
      {rows.length === 0 ? (
        <p className={chartStyles.empty}>{emptyText}</p>
      ) : (
        <div className={styles.scroller} tabIndex={0} role="region" aria-label={t('insight.tableOf', { title })}>
          <Table
            className={`${chartStyles.table ?? ''} ${styles.ranked ?? ''}`}
            verticalSpacing={5}
            horizontalSpacing={8}
          >
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{nameLabel}</Table.Th>
                {columns.map(({ label }) => (
                  <Table.Th key={label} scope="col">
                    {label}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((row) => (
                <Table.Tr key={keyOf(row)}>
                  <Table.Th scope="row" style={{ '--share': `${(sizeOf(row) / most) * 100}%` }}>
                    {renderName(row)}
                  </Table.Th>
                  {columns.map(({ label, render }) => (
                    <Table.Td key={label}>{render(row)}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </section>
  );
}
