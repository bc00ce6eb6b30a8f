/**
 * How good the pictures are after some minutes of training on MNIST, beside PyTorch's textbook networks given as long.
 *
 * The 10 000 test digits are split in two halves: one to train on, the other for the classifier that judges. Distances
 * are Fréchet distances between its features of drawn digits and of the half it was trained on; the same distance of the
 * real training half says what a perfect generator would reach, and only the excess over it counts.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { families, findPreset } from '../../../src-main/contract/presets.ts';
import { openBackend } from '../../../src-main/engine/backends/open-backend.ts';
import { permutation } from '../../../src-main/engine/random.ts';
import { encodeIdx, parseIdx } from '../../../src-main/imaging/idx.ts';
import { encodePng } from '../../../src-main/imaging/pure/png-encode.ts';
import { imago } from '../../helpers/command-line.ts';
import { peerEnvironment, type PeerSetting } from '../peer-setting.ts';
import type { DigitJudge, Digits } from './digit-judge.ts';
import { classes, featureSize, sizePx, trainJudge } from './digit-judge.ts';
import { frechetDistance, momentsOf, type FeatureMoments } from './frechet-distance.ts';

export interface QualityOptions {
  /** Folder of `t10k-images-idx3-ubyte.gz` and its labels. */
  readonly mnist: string;
  readonly presets: readonly string[];
  readonly minutes: number;
  /** Pictures drawn from each. */
  readonly images: number;
  readonly threads: number;
  /** PyTorch at its best setting; null leaves its networks out. */
  readonly peer: PeerSetting | null;
  /** Where sample sheets go; null for nowhere. */
  readonly sheets: string | null;
}

export interface QualityResult {
  readonly name: string;
  readonly steps: number;
  readonly distance: number;
  /** Over that of real digits. */
  readonly excess: number;
  /** The share of each digit among those drawn. */
  readonly shares: readonly number[];
  /** Of a conditional model: the share of pictures that are what was asked for. */
  readonly asAsked: number | null;
}

export interface QualityReport {
  readonly judgeAccuracy: number;
  readonly realDistance: number;
  readonly results: readonly QualityResult[];
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

async function command(...words: string[]): Promise<Record<string, unknown>> {
  const { exitCode, stderr, json } = await imago(...words);
  if (exitCode !== 0 || json === null) throw new Error(`imago ${words.join(' ')} failed:\n${stderr}`);
  return json;
}

/** The pictures of an exported folder, in order of their names. */
async function exportedPixels(folder: string): Promise<Uint8Array> {
  const files = readdirSync(path.join(folder, 'images'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .sort();
  const pixels = new Uint8Array(files.length * picturePixels);
  for (const [index, file] of files.entries()) {
    const data = await sharp(path.join(folder, 'images', file))
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    pixels.set(data, index * picturePixels);
  }
  return pixels;
}

/** Ten rows of ten; of a conditional model, one row for each digit. */
function sheetOf(pixels: Uint8Array, perRow: (row: number) => number): Uint8Array {
  const side = 10;
  const sheet = new Uint8Array(side * side * picturePixels);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const index = perRow(row) + column;
      for (let y = 0; y < sizePx; y++) {
        const from = index * picturePixels + y * sizePx;
        const to = ((row * sizePx + y) * side + column) * sizePx;
        sheet.set(pixels.subarray(from, from + sizePx), to);
      }
    }
  }
  return encodePng({ widthPx: side * sizePx, heightPx: side * sizePx, channels: 1, pixels: sheet });
}

interface Drawn {
  readonly name: string;
  readonly steps: number;
  readonly pixels: Uint8Array;
  /** The same number of pictures was asked of each digit, one digit after the other. */
  readonly byClass: boolean;
}

function judgeDrawn(
  drawn: Drawn,
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

async function drawWithPreset(
  preset: string,
  dataset: string,
  folder: string,
  options: QualityOptions,
): Promise<Drawn> {
  const common = ['--workspace', path.join(folder, 'workspace'), '--json'];
  const trained = await command(
    ...['train', '--dataset', dataset, '--preset', preset, '--minutes', String(options.minutes)],
    ...['--seed', '1', '--backend', 'wasm', ...common],
  );
  const run = String(trained['run']);
  const isConditional = families[findPreset(preset).family].needsClasses === true;
  const parts: Uint8Array[] = [];
  const draw = async (count: number, seed: number, ...more: string[]) => {
    const made = await command(
      'generate',
      '--run',
      run,
      '--count',
      String(count),
      '--seed',
      String(seed),
      ...more,
      ...common,
    );
    const ids = path.join(folder, 'ids.json');
    writeFileSync(ids, JSON.stringify(made['images']));
    const target = mkdtempSync(path.join(folder, 'set-'));
    await command('export', '--ids', ids, '--to', path.join(target, 'set'), ...common);
    parts.push(await exportedPixels(path.join(target, 'set')));
    rmSync(target, { recursive: true });
  };
  if (isConditional) {
    for (let digit = 0; digit < classes; digit++) {
      await draw(options.images / classes, 1 + digit * options.images, '--class', String(digit));
    }
  } else await draw(options.images, 1);
  return {
    name: preset,
    steps: Number(trained['steps']),
    pixels: new Uint8Array(Buffer.concat(parts)),
    byClass: isConditional,
  };
}

function drawWithPeer(
  which: 'gan' | 'dcgan',
  training: Digits,
  folder: string,
  options: QualityOptions,
): Drawn {
  const [source, target] = [path.join(folder, 'training.u8'), path.join(folder, `${which}.u8`)];
  writeFileSync(source, training.pixels);
  const script = fileURLToPath(new URL('../peers/quality.py', import.meta.url));
  const words = [
    script,
    String(options.threads),
    which,
    String(options.minutes),
    source,
    String(options.images),
    target,
  ];
  const { status, stdout, stderr } = spawnSync(options.peer!.python, words, {
    encoding: 'utf8',
    env: peerEnvironment(options.peer!, options.threads),
  });
  if (status !== 0) throw new Error(`PyTorch’s ${which} failed:\n${stderr}`);
  const name = which === 'gan' ? 'PyTorch, textbook GAN' : 'PyTorch, textbook DCGAN';
  return { name, steps: Number(stdout.trim()), pixels: readFileSync(target), byClass: false };
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
    const take = (drawn: Drawn) => {
      const result = judgeDrawn(drawn, judge, reference, realDistance);
      results.push(result);
      if (options.sheets !== null) {
        mkdirSync(options.sheets, { recursive: true });
        const file = `${drawn.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.png`;
        const perClass = options.images / classes;
        const sheet = sheetOf(drawn.pixels, (row) => row * (drawn.byClass ? perClass : 10));
        writeFileSync(path.join(options.sheets, file), sheet);
      }
      say(qualityRow(result));
    };
    if (options.peer !== null) {
      take(drawWithPeer('gan', training, folder, options));
      take(drawWithPeer('dcgan', training, folder, options));
    }
    for (const preset of options.presets) take(await drawWithPreset(preset, dataset, folder, options));
    judge.dispose();
    return { judgeAccuracy, realDistance, results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

function qualityRow({ name, steps, distance, excess, shares, asAsked }: QualityResult): string {
  const rarest = Math.min(...shares);
  const words = [
    name,
    String(steps),
    distance.toFixed(2),
    excess.toFixed(2),
    percent(rarest),
    shares.map((share) => (share * 100).toFixed(0)).join(' '),
  ];
  return `| ${[...words, asAsked === null ? '' : percent(asAsked)].join(' | ')} |`;
}

/** The report as Markdown. */
export function qualityTable({ judgeAccuracy, realDistance, results }: QualityReport): string {
  return [
    `Judge: ${percent(judgeAccuracy)} of the training half right. Real digits: ${realDistance.toFixed(2)}.`,
    '',
    '| generator | steps | Fréchet distance | excess over real digits | rarest digit | shares of 0…9, % | of the asked class |',
    '|---|---|---|---|---|---|---|',
    ...results.map(qualityRow),
  ].join('\n');
}
