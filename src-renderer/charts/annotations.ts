import type { Chart, Plugin } from 'chart.js';
import type { PlotPoint } from './decimation.ts';
import type { ChartTheme } from './theme.ts';

/** Something that happened at a step, shown as a small flag on the x axis. */
export interface StepFlag {
  readonly step: number;
  readonly kind: 'checkpoint' | 'resumed';
}

/** A series as its label at the line's end sees it. */
export interface LabelledLine {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly PlotPoint[];
}

/** What is drawn over the lines; the chart's component keeps it up to date and redraws. */
export interface Annotations {
  theme: ChartTheme;
  lines: readonly LabelledLine[];
  flags: readonly StepFlag[];
  /** The step under the pointer, of this chart or of one that shares it. */
  crosshair: number | null;
  /** The step whose pictures are on the screen, when that is not the newest. */
  shown: number | null;
  formatValue: (value: number) => string;
  formatStep: (step: number) => string;
}

const labelGapPx = 15;

/** The point of a line that lies nearest to `step`; undefined for an empty line. */
export function nearest(points: readonly PlotPoint[], step: number): PlotPoint | undefined {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x < step) low = middle + 1;
    else high = middle;
  }
  const after = points[low];
  const before = points[low - 1];
  return before && after && step - before.x < after.x - step ? before : after;
}

/** `wanted` heights moved apart so that neighbours are at least `gap` apart and all lie within the range. */
export function pushApart(wanted: readonly number[], gap: number, lowest: number, highest: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
  const placed = [...wanted];
  let previous = -Infinity;
  for (const index of order) {
    placed[index] = Math.max(placed[index]!, previous + gap, lowest);
    previous = placed[index]!;
  }
  let next = Infinity;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index]!, next - gap, highest);
    next = placed[index]!;
  }
  return placed;
}

function verticalLine(chart: Chart, x: number, colour: string, dash: number[]): void {
  const { ctx, chartArea } = chart;
  ctx.beginPath();
  ctx.setLineDash(dash);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.moveTo(Math.round(x) + 0.5, chartArea.top);
  ctx.lineTo(Math.round(x) + 0.5, chartArea.bottom);
  ctx.stroke();
  ctx.setLineDash([]);
}

function drawFlags(chart: Chart, { flags, theme }: Annotations): void {
  const { ctx, chartArea, scales } = chart;
  const bottom = chartArea.bottom;
  let previous = -Infinity;
  for (const flag of flags) {
    const x = scales['x']!.getPixelForValue(flag.step);
    if (x < chartArea.left || x > chartArea.right) continue;
    // Crowded checkpoints would grow into a fence; a resume is rare and always worth its flag.
    if (flag.kind === 'checkpoint' && x - previous < 14) continue;
    previous = x;
    ctx.fillStyle = flag.kind === 'resumed' ? theme.text : theme.faint;
    ctx.fillRect(Math.round(x), bottom - 9, 1, 9);
    ctx.beginPath();
    ctx.moveTo(Math.round(x) + 1, bottom - 9);
    ctx.lineTo(Math.round(x) + 7, bottom - 6.5);
    ctx.lineTo(Math.round(x) + 1, bottom - 4);
    ctx.fill();
  }
}

function drawLabels(chart: Chart, annotations: Annotations): void {
  const { ctx, chartArea, scales } = chart;
  const { lines, crosshair, theme, formatValue } = annotations;
  const labels = lines.flatMap((line) => {
    const point = crosshair === null ? line.points.at(-1) : nearest(line.points, crosshair);
    return point ? [{ line, point, y: scales['y']!.getPixelForValue(point.y) }] : [];
  });
  const heights = pushApart(
    labels.map((label) => label.y),
    labelGapPx,
    chartArea.top + 4,
    chartArea.bottom - 4,
  );
  ctx.font = `12px ${theme.font}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  labels.forEach(({ line, point, y }, index) => {
    ctx.fillStyle = line.colour;
    ctx.fillText(`${line.name} ${formatValue(point.y)}`.trim(), chartArea.right + 8, heights[index]!);
    ctx.beginPath();
    ctx.arc(scales['x']!.getPixelForValue(point.x), y, 2.5, 0, 2 * Math.PI);
    ctx.fill();
  });
}

function drawCrosshair(chart: Chart, { crosshair, theme, formatStep }: Annotations): void {
  if (crosshair === null) return;
  const { ctx, chartArea, scales } = chart;
  const x = scales['x']!.getPixelForValue(crosshair);
  if (x < chartArea.left - 1 || x > chartArea.right + 1) return;
  verticalLine(chart, x, theme.faint, []);
  const text = formatStep(crosshair);
  ctx.font = `12px ${theme.font}`;
  const half = ctx.measureText(text).width / 2 + 4;
  const centre = Math.min(Math.max(x, chartArea.left + half), chartArea.right - half);
  ctx.fillStyle = theme.background;
  ctx.fillRect(centre - half, chartArea.bottom + 1, 2 * half, 26);
  ctx.fillStyle = theme.text;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(text, centre, chartArea.bottom + 15);
}

/** The plugin that draws flags, the crosshair and the names at the lines' ends instead of a legend box. */
export function annotationsPlugin(annotations: Annotations): Plugin<'line'> {
  return {
    id: 'annotations',
    afterDatasetsDraw(chart) {
      chart.ctx.save();
      drawFlags(chart, annotations);
      if (annotations.shown !== null) {
        const x = chart.scales['x']!.getPixelForValue(annotations.shown);
        if (x <= chart.chartArea.right) verticalLine(chart, x, annotations.theme.line, [3, 3]);
      }
      chart.ctx.restore();
    },
    afterDraw(chart) {
      chart.ctx.save();
      drawCrosshair(chart, annotations);
      drawLabels(chart, annotations);
      chart.ctx.restore();
    },
  };
}
