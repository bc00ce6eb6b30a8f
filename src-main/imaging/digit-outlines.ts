import { readFile } from 'node:fs/promises';
import opentype from 'opentype.js';

/** Closed polygons, x and y by turns, y downwards, the ink on the same side of every edge. */
export type Outline = Float64Array[];

export interface Glyph {
  /** About one unit tall, centred on the origin, with points at most `pointSpacing` apart. */
  outline: Outline;
  /** +1 or −1: the side of an edge that lies outside the ink. */
  outside: number;
  /** Mean width of its strokes. */
  strokeWidth: number;
}

const pointSpacing = 0.05;

/** The ten digits of a font in `resources/fonts`. */
export async function readHand(file: string): Promise<Glyph[]> {
  const bytes = await readFile(new URL(`../../resources/fonts/${file}.woff`, import.meta.url));
  const font = opentype.parse(new Uint8Array(bytes).buffer);
  return Array.from({ length: 10 }, (_unused, digit) =>
    prepareGlyph(font.charToGlyph(String(digit)).getPath(0, 0, 1000).commands),
  );
}

function prepareGlyph(commands: readonly opentype.PathCommand[]): Glyph {
  const contours = flatten(commands);
  const box = boundsOf(contours);
  const scale = 1 / Math.max(box.height, box.width);
  let area = 0;
  let length = 0;
  const outline = contours.map((points) => {
    const scaled = points.map((value, at) =>
      at % 2 === 0 ? (value - box.left - box.width / 2) * scale : (value - box.top - box.height / 2) * scale,
    );
    const fine = subdivide(scaled);
    const measures = measure(fine);
    area += measures.area;
    length += measures.length;
    return fine;
  });
  return { outline, outside: area > 0 ? 1 : -1, strokeWidth: (2 * Math.abs(area)) / length };
}

function flatten(commands: readonly opentype.PathCommand[]): number[][] {
  const contours: number[][] = [];
  let points: number[] = [];
  const last = () => [points.at(-2) ?? 0, points.at(-1) ?? 0] as const;
  const curve = (at: (t: number) => readonly [number, number]) => {
    const steps = 8;
    for (let step = 1; step <= steps; step += 1) points.push(...at(step / steps));
  };
  for (const command of commands) {
    const [x0, y0] = last();
    switch (command.type) {
      case 'M':
        points = [command.x, command.y];
        contours.push(points);
        break;
      case 'L':
        points.push(command.x, command.y);
        break;
      case 'Q':
        curve((t) => {
          const u = 1 - t;
          return [
            u * u * x0 + 2 * u * t * command.x1 + t * t * command.x,
            u * u * y0 + 2 * u * t * command.y1 + t * t * command.y,
          ];
        });
        break;
      case 'C':
        curve((t) => {
          const u = 1 - t;
          const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
          return [
            a * x0 + b * command.x1 + c * command.x2 + d * command.x,
            a * y0 + b * command.y1 + c * command.y2 + d * command.y,
          ];
        });
        break;
      case 'Z':
        break;
    }
  }
  return contours.filter((contour) => contour.length >= 6);
}

/** The smallest upright box around all points. */
export function boundsOf(contours: readonly ArrayLike<number>[]) {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const points of contours) {
    for (let at = 0; at < points.length; at += 2) {
      left = Math.min(left, points[at]!);
      right = Math.max(right, points[at]!);
      top = Math.min(top, points[at + 1]!);
      bottom = Math.max(bottom, points[at + 1]!);
    }
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** Drops points that lie on top of each other and fills long edges with points, so that all can bend. */
function subdivide(points: readonly number[]): Float64Array {
  const fine: number[] = [];
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [points[at]!, points[at + 1]!];
    const next = (at + 2) % points.length;
    const [dx, dy] = [points[next]! - x, points[next + 1]! - y];
    const distance = Math.hypot(dx, dy);
    if (distance < 1e-6) continue;
    const steps = Math.ceil(distance / pointSpacing);
    for (let step = 0; step < steps; step += 1) fine.push(x + (dx * step) / steps, y + (dy * step) / steps);
  }
  return Float64Array.from(fine);
}

/** Signed area, length and first moments of a closed polygon. */
export function measure(points: Float64Array) {
  let [area, length, momentX, momentY] = [0, 0, 0, 0];
  for (let at = 0; at < points.length; at += 2) {
    const next = (at + 2) % points.length;
    const [x, y, nextX, nextY] = [points[at]!, points[at + 1]!, points[next]!, points[next + 1]!];
    const cross = x * nextY - nextX * y;
    area += cross / 2;
    momentX += (cross * (x + nextX)) / 6;
    momentY += (cross * (y + nextY)) / 6;
    length += Math.hypot(nextX - x, nextY - y);
  }
  return { area, length, momentX, momentY };
}
