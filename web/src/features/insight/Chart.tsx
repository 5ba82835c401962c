/** A chart over time, drawn by uPlot. The pointer reads values. A table has all of them. */
import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { type ChartData, chartOptions, chartValues } from './chartOptions';
import { type Format, formatPoint, orNone } from './formatFigure';
import styles from './Chart.module.css';

interface Props {
  data: ChartData;
  label: string;
  format: Format;
}

interface Cursor {
  index: number;
  left: number;
  onRight: boolean;
}

export function Chart({ data, label, format }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [cursor, setCursor] = useState<Cursor>();
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const onCursor = ({ cursor: { idx, left = 0 }, over, bbox }: uPlot) => {
      const start = bbox.left / uPlot.pxRatio;
      setCursor(
        typeof idx === 'number' && left >= 0
          ? { index: idx, left: start + left, onRight: left > over.clientWidth / 2 }
          : undefined,
      );
    };
    const drawn = new uPlot(chartOptions(data, element.clientWidth, onCursor), chartValues(data), element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) drawn.setSize({ width: element.clientWidth, height: drawn.height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [data]);
  // uPlot reads the colours of the theme while it draws.
  useEffect(() => plot.current?.redraw(false), [scheme]);
  return (
    <div className={styles.chart}>
      <div
        ref={frame}
        role="img"
        aria-label={label}
        className={styles.frame}
        onPointerLeave={() => setCursor(undefined)}
      />
      {cursor && <Readout cursor={cursor} data={data} format={format} />}
    </div>
  );
}

function Readout({
  cursor: { index, left, onRight },
  data,
  format,
}: {
  cursor: Cursor;
  data: ChartData;
  format: Format;
}) {
  const time = data.times[index];
  if (!time) return null;
  return (
    <div className={styles.readout} data-on-right={onRight} style={{ left }} aria-hidden>
      <strong>{formatPoint(time, data.resolution)}</strong>
      {data.lines.map((line) => (
        <span key={line.label}>
          <Swatch color={line.color} previous={line.previous ?? false} />
          <span>{line.label}</span>
          <b>{orNone(line.values[index], format)}</b>
        </span>
      ))}
    </div>
  );
}

/** The mark of a line: its colour, dashed for the previous period. */
export function Swatch({ color, previous }: { color: string; previous: boolean }) {
  return <i className={styles.swatch} data-previous={previous} style={{ color: `var(${color})` }} />;
}
