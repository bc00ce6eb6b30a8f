import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { parseIdx } from '../../src-main/imaging/idx.ts';
import { resampleArea } from '../../src-main/imaging/pure/resample.ts';
import { runEngineJob } from '../../src-main/studio/engine-process.ts';
import { randomFrom } from '../helpers/drawn-pictures.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import type { DatasetFigure } from './dataset-figure.ts';
import { inSeconds } from './dataset-figure.ts';

/** MNIST's test set with 2 % of its labels turned into others: how many of these come first in the label review? */
export async function benchLabels(): Promise<DatasetFigure[]> {
  const source = sharedData('mnist-10k');
  if (source === null) return [];
  const read = async (part: string) => {
    const name = readdirSync(source).find((each) => each.includes(part))!;
    return parseIdx(readFileSync(join(source, name)), name);
  };
  const images = await read('images');
  const labels = await read('labels');
  const [count, classes, sizePx] = [images.dimensions[0]!, 10, 32];
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-labels-'));
  try {
    const pixels = new Uint8Array(count * sizePx * sizePx);
    for (let at = 0; at < count; at += 1) {
      const image = {
        pixels: images.data.subarray(at * 784, (at + 1) * 784),
        widthPx: 28,
        heightPx: 28,
        channels: 1 as const,
      };
      const whole = { left: 0, top: 0, widthPx: 28, heightPx: 28 };
      const form = { widthPx: sizePx, heightPx: sizePx, channels: 1, background: '#ffffff' } as const;
      pixels.set(resampleArea(image, whole, form), at * sizePx * sizePx);
    }
    const given = Int32Array.from(labels.data);
    const flipped = flipLabels(given, classes, 0.02);
    writeFileSync(join(folder, 'images.u8'), pixels);
    writeFileSync(join(folder, 'labels.i32'), new Uint8Array(given.buffer));
    const beganAt = performance.now();
    await runEngineJob(
      {
        ...{ job: 'study', protocol: engineProtocol, backend: { id: 'wasm', threads: 2 }, folder },
        ...{ images: count, sizePx, channels: 1, seed: 1, embedding: false, classes },
      },
      () => undefined,
      new AbortController().signal,
    );
    const ms = performance.now() - beganAt;
    const bytes = new Uint8Array(readFileSync(join(folder, 'probabilities.f32')));
    const probabilities = new Float32Array(bytes.buffer);
    const first = mostDoubtful(probabilities, given, classes).slice(0, Math.round(0.05 * count));
    const found = first.filter((place) => flipped.has(place)).length;
    return [
      {
        what: `flipped labels (${flipped.size} of ${count} digits) within the first 5 % of the label review`,
        found: `${((100 * found) / flipped.size).toFixed(1)} %, in ${inSeconds(ms)}`,
        aim: '≥ 80 %',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives a share of the pictures another label; returns which. */
function flipLabels(labels: Int32Array, classes: number, share: number): Set<number> {
  const random = randomFrom(7);
  const flipped = new Set<number>();
  while (flipped.size < share * labels.length) {
    const place = Math.floor(random() * labels.length);
    if (flipped.has(place)) continue;
    flipped.add(place);
    labels[place] = (labels[place]! + 1 + Math.floor(random() * (classes - 1))) % classes;
  }
  return flipped;
}

/** Places of all pictures, the one whose label is least believed first. */
function mostDoubtful(probabilities: Float32Array, labels: Int32Array, classes: number): number[] {
  const margin = (place: number) => {
    const row = probabilities.subarray(place * classes, (place + 1) * classes);
    const other = row.reduce(
      (most, value, number) => (number === labels[place] ? most : Math.max(most, value)),
      0,
    );
    return row[labels[place]!]! - other;
  };
  const margins = Float32Array.from(labels, (_, place) => margin(place));
  return Array.from(labels, (_, place) => place).sort((a, b) => margins[a]! - margins[b]!);
}
