/** How uPlot draws a chart: colours from the style sheet, labels in the locale of the page. */
import uPlot from 'uplot';
import type { InsightsResolution } from '@/gql/insight';
import { formatTimeOfDay } from '@/ui/timeFormat';
import { type Format, formatDay } from './formatFigure';

/** One figure over time. */
export interface Line {
  label: string;
  /** The name of a colour of the style sheet, such as `--accent`. */
  color: string;
  /** Null where nothing was measured. */
  values: readonly (number | null)[];
  /** Whether the line shows the previous period. Such a line is dashed. */
  previous?: boolean;
}

export interface ChartData {
  /** The start of each point. */
  times: readonly Date[];
  resolution: InsightsResolution;
  lines: readonly Line[];
  /** Whether the lines are parts of a whole, drawn as bars upon each other. */
  stacked: boolean;
  formatAxis: Format;
  /** The highest value that is possible, such as 1 for a share. */
  most?: number | undefined;
}

export const CHART_HEIGHT = 190;
const FONT = '11px system-ui, sans-serif';
const LABEL_WIDTH = 6.4;
const LABEL_PADDING = 14;
const TIME_AXIS_HEIGHT = 26;
const DAY_SECONDS = 86_400;
/** Shares that are close to one are drawn on a scale that begins here. */
const SHARE_SCALES = [0.9, 0.5];

export function chartOptions(data: ChartData, width: number, onCursor: (u: uPlot) => void): uPlot.Options {
  const { times, resolution, lines, stacked, formatAxis } = data;
  const [first = 0, second = first + 60] = times.map((time) => time.getTime() / 1000);
  const half = (second - first) / 2;
  const last = first + (times.length - 1) * 2 * half;
  const axis = { stroke: () => color('--dim'), font: FONT, ticks: { show: false } };
  const grid = { stroke: () => color('--line'), width: 1 };
  return {
    width,
    height: CHART_HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !stacked } },
    hooks: { setCursor: [onCursor] },
    ...(resolution === 'DAY' && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') }),
    // Half a point of room on each side, so that no bar is cut.
    scales: { x: { range: [first - half, last + half] }, y: { range: (_, low, high) => scaleOf(data, low, high) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 76,
        size: TIME_AXIS_HEIGHT,
        values: (_, splits) => timeLabels(splits, resolution),
      },
      {
        ...axis,
        grid,
        space: 36,
        size: (_, values) => labelWidth(values),
        values: (_, splits) => splits.map(formatAxis),
      },
    ],
    series: [{}, ...drawnLines(lines, stacked).map((line) => (stacked ? bars(line) : curve(line)))],
  };
}

/** Return the values as uPlot takes them. */
export function chartValues({ times, lines, stacked }: ChartData): uPlot.AlignedData {
  const seconds = times.map((time) => time.getTime() / 1000);
  const values = stacked ? stack(lines.map((line) => line.values)) : lines.map((line) => [...line.values]);
  return [seconds, ...(stacked ? values.toReversed() : values)];
}

/** Return the sum of each series and those before it. */
export function stack(series: readonly (readonly (number | null)[])[]): number[][] {
  const sums: number[][] = [];
  for (const values of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums;
}

/** Draw the highest bars first, behind the lower ones. */
function drawnLines(lines: readonly Line[], stacked: boolean): readonly Line[] {
  return stacked ? lines.toReversed() : lines;
}

function bars(line: Line): uPlot.Series {
  return {
    ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.8, 40], gap: 1 }) }),
    width: 0,
    fill: () => color(line.color),
    points: { show: false },
  };
}

function curve({ color: name, previous }: Line): uPlot.Series {
  return {
    stroke: () => color(name),
    width: previous ? 1.25 : 2,
    ...(previous && { dash: [4, 4] }),
    points: { show: true, size: 5, fill: () => color(name), filter: isolatedPoints },
  };
}

/** Return the points without a neighbour, which no line shows. */
function isolatedPoints(u: uPlot, series: number): number[] {
  const values = u.data[series] ?? [];
  const has = (index: number) => values[index] !== null && values[index] !== undefined;
  return Array.from(values.keys()).filter((index) => has(index) && !has(index - 1) && !has(index + 1));
}

function scaleOf({ most }: ChartData, low: number | null, high: number | null): [number, number] {
  if (most === undefined) return [0, (high ?? 0) > 0 ? (high ?? 0) * 1.05 : 1];
  return [SHARE_SCALES.find((start) => (low ?? 0) >= start) ?? 0, most];
}

/** Return the width of the longest label in pixels. Before the first one, uPlot has none. */
function labelWidth(labels: string[] | null): number {
  return Math.max(...(labels ?? []).map((text) => text.length), 3) * LABEL_WIDTH + LABEL_PADDING;
}

function timeLabels(splits: number[], resolution: InsightsResolution): string[] {
  return splits.map((seconds) => {
    const time = new Date(seconds * 1000);
    const byDay = resolution === 'DAY' ? seconds % DAY_SECONDS === 0 : time.getHours() + time.getMinutes() === 0;
    return byDay ? formatDay(time, resolution) : formatTimeOfDay(time);
  });
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
