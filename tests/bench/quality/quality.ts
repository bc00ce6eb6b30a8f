/**
 * How good the pictures are after some minutes of training on MNIST, beside PyTorch's textbook networks given as long.
 *
 * The 10 000 test digits are split in two halves: one to train on, the other for the classifier that judges. Distances
 * are Fréchet distances between its features of drawn digits and of the half it was trained on; the same distance of the
 * real training half says what a perfect generator would reach, and only the excess over it counts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBackend } from '../../../src-main/engine/backends/open-backend.ts';
import { permutation } from '../../../src-main/engine/random.ts';
import { encodeIdx, parseIdx } from '../../../src-main/imaging/idx.ts';
import type { DigitJudge, Digits } from './digit-judge.ts';
import { classes, featureSize, sizePx, trainJudge } from './digit-judge.ts';
import type { PeerSetting } from '../peer-setting.ts';
import type { DrawingOptions, DrawnPictures } from './drawn-pictures.ts';
import { command, drawWithPeer, drawWithPreset } from './drawn-pictures.ts';
import { frechetDistance, momentsOf, type FeatureMoments } from './frechet-distance.ts';
import type { QualityReport, QualityResult } from './quality-table.ts';
import { qualityRow } from './quality-table.ts';
import { pictureGrid } from './picture-grid.ts';

export interface QualityOptions extends DrawingOptions {
  /** Folder of `t10k-images-idx3-ubyte.gz` and its labels. */
  readonly mnist: string;
  readonly presets: readonly string[];
  /** PyTorch at its best setting; null leaves its networks out. */
  readonly peer: PeerSetting | null;
  /** Where sample sheets go; null for nowhere. */
  readonly sheets: string | null;
}

const picturePixels = sizePx * sizePx;

async function readDigits(folder: string): Promise<Digits> {
  const read = async (name: string) => (await parseIdx(readFileSync(path.join(folder, name)), name)).data;
  return {
    pixels: await read('t10k-images-idx3-ubyte.gz'),
    labels: await read('t10k-labels-idx1-ubyte.gz'),
  };
}

function choose(digits: Digits, places: Uint32Array): Digits {
  const pixels = new Uint8Array(places.length * picturePixels);
  places.forEach((place, index) => {
    pixels.set(
      digits.pixels.subarray(place * picturePixels, (place + 1) * picturePixels),
      index * picturePixels,
    );
  });
  return { pixels, labels: Uint8Array.from(places, (place) => digits.labels[place]!) };
}

function judgeDrawn(
  drawn: DrawnPictures,
  judge: DigitJudge,
  real: FeatureMoments,
  realDistance: number,
): QualityResult {
  const { classes: found, features } = judge.judge(drawn.pixels);
  const shares = Array.from(
    { length: classes },
    (_, digit) => found.reduce((sum, value) => sum + Number(value === digit), 0) / found.length,
  );
  const distance = frechetDistance(momentsOf(features, featureSize), real);
  const perClass = found.length / classes;
  const right = found.reduce((sum, value, index) => sum + Number(value === Math.floor(index / perClass)), 0);
  return {
    name: drawn.name,
    steps: drawn.steps,
    distance,
    excess: distance - realDistance,
    shares,
    asAsked: drawn.byClass ? right / found.length : null,
  };
}

/** Trains, draws and judges one after the other; says each result as it comes. */
export async function benchQuality(
  options: QualityOptions,
  say: (line: string) => void,
): Promise<QualityReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'imago-quality-'));
  try {
    const digits = await readDigits(options.mnist);
    const count = digits.labels.length;
    const order = permutation(1, 'halves', 0, count);
    const training = choose(digits, order.subarray(0, count / 2));
    const heldOut = choose(digits, order.subarray(count / 2));
    await openBackend('wasm', { threads: options.threads });
    const judge = trainJudge(heldOut, 1);
    const judged = judge.judge(training.pixels);
    const right = judged.classes.reduce((sum, value, i) => sum + Number(value === training.labels[i]), 0);
    const judgeAccuracy = right / training.labels.length;
    const reference = momentsOf(judge.judge(heldOut.pixels).features, featureSize);
    // As many as are drawn of each generator: the distance depends on how many there are.
    const shown = Math.min(options.images, training.labels.length);
    const realDistance = frechetDistance(
      momentsOf(judged.features.subarray(0, shown * featureSize), featureSize),
      reference,
    );
    say(
      `The judge knows ${(judgeAccuracy * 100).toFixed(1)} % of the training half; real digits: ${realDistance.toFixed(2)}.`,
    );
    const name = 'digits-images-idx3-ubyte';
    const dimensions = [training.labels.length, sizePx, sizePx];
    writeFileSync(path.join(folder, name), encodeIdx({ dimensions, data: training.pixels }));
    writeFileSync(
      path.join(folder, 'digits-labels-idx1-ubyte'),
      encodeIdx({ dimensions: [training.labels.length], data: training.labels }),
    );
    const workspace = ['--workspace', path.join(folder, 'workspace'), '--json'];
    const dataset = String(
      (await command('import', path.join(folder, name), '--name', 'Digits', ...workspace))['dataset'],
    );
    const results: QualityResult[] = [];
    const take = (drawn: DrawnPictures) => {
      const result = judgeDrawn(drawn, judge, reference, realDistance);
      results.push(result);
      if (options.sheets !== null) {
        const file = `${drawn.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.png`;
        const perClass = options.images / classes;
        // Of a conditional model, a row for each digit.
        const rowStart = (row: number) => row * (drawn.byClass ? perClass : 10);
        const sheet = pictureGrid(drawn.pixels, { sizePx, channels: 1 }, rowStart);
        writeFileSync(path.join(options.sheets, file), sheet);
      }
      say(qualityRow(result));
    };
    if (options.peer !== null) {
      take(drawWithPeer('gan', training, folder, options.peer, options));
      take(drawWithPeer('dcgan', training, folder, options.peer, options));
    }
    for (const preset of options.presets) take(await drawWithPreset(preset, dataset, folder, options));
    judge.dispose();
    return { judgeAccuracy, realDistance, results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
