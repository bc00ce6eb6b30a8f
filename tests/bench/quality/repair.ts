/**
 * How well a preset that learns from pairs fills holes in pictures that it never saw, beside the mean colour and
 * bilinear filling. All three are given where the holes are and fill those alone.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPreset } from '../../../src-main/contract/presets.ts';
import { openBackend } from '../../../src-main/engine/backends/open-backend.ts';
import { readCheckpoint } from '../../../src-main/engine/checkpoint.ts';
import { openPairs } from '../../../src-main/engine/dataset-reader.ts';
import { familyOf } from '../../../src-main/engine/models/family-of.ts';
import { normals } from '../../../src-main/engine/random.ts';
import { drawSampleSheet, samplePixels } from '../../../src-main/engine/sample-sheet.ts';
import { imago } from '../../helpers/command-line.ts';
import {
  bilinear,
  decibels,
  errorInHoles,
  holesOf,
  meanColour,
  patched,
  structuralSimilarity,
} from './repair-measures.ts';

export interface RepairOptions {
  /** A folder of pictures, such as the emoji set. */
  readonly pictures: string;
  readonly preset: string;
  readonly minutes: number;
  readonly threads: number;
  /** Where the sheet of input, output and target goes; null for nowhere. */
  readonly sheets: string | null;
}

export interface RepairRow {
  readonly name: string;
  /** Of all holes together, in decibels. */
  readonly psnr: number;
  /** Mean over the whole pictures. */
  readonly ssim: number;
}

export interface RepairReport {
  readonly preset: string;
  readonly steps: number;
  readonly minutes: number;
  readonly trainedOn: number;
  readonly heldOut: number;
  readonly rows: readonly RepairRow[];
}

/** Trains on nine tenths of the pictures and measures on the last. */
export async function benchRepair(options: RepairOptions): Promise<RepairReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'imago-repair-'));
  try {
    const workspace = path.join(folder, 'workspace');
    const command = async (...words: string[]): Promise<Record<string, unknown>> => {
      const { exitCode, stderr, json } = await imago(...words, '--workspace', workspace, '--json');
      if (exitCode !== 0 || json === null) throw new Error(`imago ${words.join(' ')} failed:\n${stderr}`);
      return json;
    };
    const { sizePx, channels } = findPreset(options.preset);
    const size = ['--size', String(sizePx)];
    const { dataset } = await command('import', options.pictures, '--name', 'Pictures', ...size);
    const colour = channels === 3 ? '--rgb' : '--grey';
    const version = await command(
      ...['prepare', 'Pictures', ...size, colour, '--labels', 'none', '--held-out', '0.1', '--pair', 'holes'],
    );
    const { run } = await command(
      ...['train', '--dataset', 'Pictures', '--preset', options.preset, '--seed', '1'],
      ...['--minutes', String(options.minutes), '--backend', 'wasm'],
    );
    const measured = await measureRepair({
      versionFolder: path.join(workspace, 'datasets', String(dataset), `v${String(version['version'])}`),
      images: Number(version['images']),
      heldOutImages: Number(version['heldOutImages']),
      runFolder: path.join(workspace, 'runs', String(run)),
      ...options,
    });
    return { ...measured, minutes: options.minutes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fills the holes of all held-out pictures of a version with the last checkpoint of a run. */
export async function measureRepair({
  versionFolder,
  images,
  heldOutImages,
  runFolder,
  preset,
  threads,
  sheets,
}: {
  versionFolder: string;
  images: number;
  heldOutImages: number;
  runFolder: string;
} & Omit<RepairOptions, 'pictures' | 'minutes'>): Promise<Omit<RepairReport, 'minutes'>> {
  await openBackend('wasm', { threads });
  const [file] = readdirSync(path.join(runFolder, 'checkpoints')).sort().reverse();
  const { config, step, tensors } = readCheckpoint(path.join(runFolder, 'checkpoints', file!));
  const model = familyOf(config.family).build(config);
  model.load(tensors, step, file!);
  const pairs = openPairs({ ...config, versionFolder, images, heldOutImages });
  const names = ['mean colour', 'bilinear', preset];
  const errors = names.map(() => 0);
  const similarities = names.map(() => 0);
  for (let picture = 0; picture < heldOutImages; picture++) {
    const { input, target } = pairs.pair(picture);
    const holes = holesOf(input, config);
    const latents = normals(picture, 'latent', 0, model.latentSize);
    const drawn = samplePixels(model, latents, 1, undefined, undefined, input);
    const fillings = [meanColour(input, holes, config), bilinear(input, holes, config), drawn];
    for (const [at, filling] of fillings.entries()) {
      const filled = patched(input, holes, filling, config);
      errors[at]! += errorInHoles(target, filled, holes, config) / heldOutImages;
      similarities[at]! += structuralSimilarity(target, filled, config) / heldOutImages;
    }
  }
  if (sheets !== null) writeFileSync(path.join(sheets, `${preset}.png`), drawSampleSheet(model, pairs).png);
  pairs.close();
  model.dispose();
  return {
    ...{ preset, steps: step, trainedOn: images, heldOut: heldOutImages },
    rows: names.map((name, at) => ({ name, psnr: decibels(errors[at]!), ssim: similarities[at]! })),
  };
}

/** The figures as Markdown. */
export function repairTable({ preset, steps, minutes, trainedOn, heldOut, rows }: RepairReport): string {
  return [
    `${preset}: ${steps} steps in ${minutes} minutes on ${trainedOn} pictures; holes in ${heldOut} others.`,
    '',
    '| filled by | PSNR in the holes, dB | SSIM of the whole picture |',
    '|---|---|---|',
    ...rows.map(({ name, psnr, ssim }) => `| ${name} | ${psnr.toFixed(2)} | ${ssim.toFixed(3)} |`),
  ].join('\n');
}
