import { Chart, LinearScale, LineController, LineElement, PointElement } from 'chart.js';
import { annotationsPlugin } from './annotations.ts';
import type { Annotations } from './annotations.ts';
import type { PlotPoint } from './decimation.ts';

Chart.register(LineController, LineElement, PointElement, LinearScale);

/**
 * An empty line chart in the studio's manner: one y axis from zero, a light grid, no legend, no animation,
 * room at the right for the names at the lines' ends.
 */
export function createLineChart(
  canvas: HTMLCanvasElement,
  annotations: Annotations,
  axes: {
    /** Upper end of the y axis; without it the data decide. */
    maximum: number | undefined;
    /** Writes a value of an axis that reaches up to `axisTo`. */
    formatTick: (value: number, axisTo: number) => string;
    formatStep: (step: number) => string;
  },
): Chart<'line', PlotPoint[]> {
  return new Chart<'line', PlotPoint[]>(canvas, {
    type: 'line',
    data: { datasets: [] },
    plugins: [annotationsPlugin(annotations)],
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      events: [],
      normalized: true,
      layout: { padding: { top: 8, right: 104, bottom: 2 } },
      scales: {
        x: {
          type: 'linear',
          min: 0,
          border: { display: false },
          grid: { display: false },
          ticks: {
            maxTicksLimit: 5,
            maxRotation: 0,
            align: 'inner',
            includeBounds: false,
            callback: (step) => axes.formatStep(Number(step)),
          },
        },
        y: {
          type: 'linear',
          beginAtZero: true,
          max: axes.maximum,
          border: { display: false },
          grid: { drawTicks: false },
          // One width for all charts, so that the shared crosshair stands in one column.
          afterFit: (axis) => {
            axis.width = 48;
          },
          ticks: {
            maxTicksLimit: 4,
            padding: 8,
            callback: (value, _, ticks) => axes.formatTick(Number(value), ticks.at(-1)?.value ?? 1),
          },
        },
      },
    },
  });
}
