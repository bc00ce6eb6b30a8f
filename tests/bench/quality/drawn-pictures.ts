import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { families, findPreset } from '../../../src-main/contract/presets.ts';
import { imago } from '../../helpers/command-line.ts';
import { peerEnvironment, type PeerSetting } from '../peer-setting.ts';
import type { Digits } from './digit-judge.ts';
import { classes } from './digit-judge.ts';
import type { PictureForm } from './picture-grid.ts';

export interface DrawingOptions {
  readonly minutes: number;
  /** Pictures drawn from each. */
  readonly images: number;
  readonly threads: number;
}

/** Pictures that a trained generator drew. */
export interface DrawnPictures {
  readonly name: string;
  readonly steps: number;
  readonly minutes: number;
  readonly pixels: Uint8Array;
  /** The same number of pictures was asked of each digit, one digit after the other. */
  readonly byClass: boolean;
}

/** What a command answers as JSON. @throws an Error with what it wrote where it fails */
export async function command(...words: string[]): Promise<Record<string, unknown>> {
  const { exitCode, stderr, json } = await imago(...words);
  if (exitCode !== 0 || json === null) throw new Error(`imago ${words.join(' ')} failed:\n${stderr}`);
  return json;
}

/** The pictures of an exported folder, in order of their names. */
async function exportedPixels(folder: string, { sizePx, channels }: PictureForm): Promise<Uint8Array> {
  const files = readdirSync(path.join(folder, 'images'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .sort();
  const picturePixels = sizePx * sizePx * channels;
  const pixels = new Uint8Array(files.length * picturePixels);
  for (const [index, file] of files.entries()) {
    const data = await sharp(path.join(folder, 'images', file))
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
    pixels.set(data, index * picturePixels);
  }
  return pixels;
}

/** Trains a preset, generates and exports, each by its command. */
export async function drawWithPreset(
  preset: string,
  dataset: string,
  folder: string,
  options: DrawingOptions,
): Promise<DrawnPictures> {
  const common = ['--workspace', path.join(folder, 'workspace'), '--json'];
  const trained = await command(
    ...['train', '--dataset', dataset, '--preset', preset, '--minutes', String(options.minutes)],
    ...['--seed', '1', '--backend', 'wasm', ...common],
  );
  const run = String(trained['run']);
  const form = findPreset(preset);
  const isConditional = families[form.family].needsClasses === true;
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
    parts.push(await exportedPixels(path.join(target, 'set'), form));
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
    minutes: Number(trained['trainedMs']) / 60_000,
    pixels: new Uint8Array(Buffer.concat(parts)),
    byClass: isConditional,
  };
}

/** The same with a textbook network of PyTorch. @throws an Error with what it wrote where it fails */
export function drawWithPeer(
  which: 'gan' | 'dcgan',
  training: Digits,
  folder: string,
  peer: PeerSetting,
  options: DrawingOptions,
): DrawnPictures {
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
  const { status, stdout, stderr } = spawnSync(peer.python, words, {
    encoding: 'utf8',
    env: peerEnvironment(peer, options.threads),
  });
  if (status !== 0) throw new Error(`PyTorch’s ${which} failed:\n${stderr}`);
  const name = which === 'gan' ? 'PyTorch, textbook GAN' : 'PyTorch, textbook DCGAN';
  return {
    ...{ name, steps: Number(stdout.trim()), minutes: options.minutes },
    ...{ pixels: readFileSync(target), byClass: false },
  };
}
