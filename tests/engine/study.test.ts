import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildIfStale } from '../../src-main/cli/build.ts';
import { engineProtocol, type StudyJob } from '../../src-main/contract/engine-messages.ts';
import { principalPlane } from '../../src-main/engine/study/nearness.ts';
import { resampleArea } from '../../src-main/imaging/pure/resample.ts';
import { runEngineJob } from '../../src-main/studio/engine-process.ts';
import { drawnPicture, randomFrom } from '../helpers/drawn-pictures.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const sizePx = 16;
const images = 96;

/** Three classes by their tint, a few labels wrong, and one picture unlike all others. */
function studyFolder(): { folder: string; wrong: number[]; strange: number } {
  const folder = temporaryFolder();
  const pixels = new Uint8Array(images * sizePx * sizePx * 3);
  const labels = new Int32Array(images);
  const strange = 40;
  for (let at = 0; at < images; at += 1) {
    const { pixels: drawn, widthPx, heightPx } = drawnPicture(at + 1, 32);
    const tinted = drawn.map((value, place) => value * (place % 3 === at % 3 ? 1 : 0.25));
    const small = resampleArea(
      { pixels: tinted, widthPx, heightPx, channels: 3 },
      { left: 0, top: 0, widthPx, heightPx },
      { widthPx: sizePx, heightPx: sizePx, channels: 3, background: '#ffffff' },
    );
    // A chessboard of full black and white.
    const board = small.map((_, place) => ((place / 3) & 1) * 255);
    pixels.set(at === strange ? board : small, at * small.length);
    labels[at] = at % 3;
  }
  const wrong = [7, 52, 80];
  for (const at of wrong) labels[at] = (labels[at]! + 1) % 3;
  writeFileSync(join(folder, 'images.u8'), pixels);
  writeFileSync(join(folder, 'labels.i32'), new Uint8Array(labels.buffer));
  return { folder, wrong, strange };
}

async function study(folder: string): Promise<string[]> {
  const job: StudyJob = {
    ...{
      job: 'study',
      protocol: engineProtocol,
      backend: { id: 'wasm', threads: 1 },
      folder,
      images,
      sizePx,
    },
    ...{ channels: 3, seed: 5, embedding: true, classes: 3 },
  };
  const parts: string[] = [];
  const report = (message: { report: string; part?: string; share?: number }) => {
    if (message.report === 'study' && message.share === 1) parts.push(message.part!);
  };
  await runEngineJob(job, report, new AbortController().signal);
  return parts;
}

const floats = (folder: string, file: string) =>
  new Float32Array(new Uint8Array(readFileSync(join(folder, file))).buffer);

describe('A study of a set', () => {
  beforeAll(() => buildIfStale(['kernels']));

  it('learns the same from the same pictures, finds the strange one, and doubts the wrong labels', async () => {
    const first = studyFolder();
    expect(await study(first.folder)).toEqual(['embedding', 'map', 'labels']);
    const remote = floats(first.folder, 'remoteness.f32');
    expect(remote.indexOf(Math.max(...remote))).toBe(first.strange);

    const labels = new Int32Array(new Uint8Array(readFileSync(join(first.folder, 'labels.i32'))).buffer);
    const probabilities = floats(first.folder, 'probabilities.f32');
    expect(probabilities.length).toBe(images * 3);
    const given = Array.from(labels, (label, at) => probabilities[at * 3 + label]!);
    const doubted = given.map((_, at) => at).sort((a, b) => given[a]! - given[b]!);
    expect(first.wrong.every((at) => doubted.indexOf(at) < 10)).toBe(true);

    const second = studyFolder();
    await study(second.folder);
    for (const file of ['remoteness.f32', 'principal-plane.f32', 'plane-map.f32', 'probabilities.f32']) {
      const bytes = readFileSync(join(first.folder, file));
      expect({ file, same: bytes.equals(readFileSync(join(second.folder, file))) }).toEqual({
        file,
        same: true,
      });
    }
  });

  it('refuses pictures that are not as many as it was told', async () => {
    const { folder } = studyFolder();
    writeFileSync(join(folder, 'images.u8'), new Uint8Array(10));
    await expect(study(folder)).rejects.toMatchObject({ code: 'dataset-changed' });
  });
});

it('The principal plane of points lies along their two longest directions', () => {
  const random = randomFrom(3);
  const spread = [0.1, 5, 0.3, 2];
  const count = 500;
  const values = Float32Array.from({ length: count * 4 }, (_, at) => (random() - 0.5) * spread[at % 4]!);
  const plane = principalPlane({ values, count, size: 4 });
  const correlation = (axis: number, direction: number) => {
    let [xy, xx, yy] = [0, 0, 0];
    for (let point = 0; point < count; point += 1) {
      const [x, y] = [values[point * 4 + axis]!, plane[point * 2 + direction]!];
      xy += x * y;
      xx += x * x;
      yy += y * y;
    }
    return xy / Math.sqrt(xx * yy);
  };
  expect(correlation(1, 0)).toBeGreaterThan(0.99);
  expect(correlation(3, 1)).toBeGreaterThan(0.99);
});
