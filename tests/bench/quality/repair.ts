/**
 * How well presets fill holes in pictures that they never saw, beside the mean colour and bilinear filling. All are given
 * where the holes are and fill those alone.
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
  /** All of one size and colour, so that they are shown the same pictures with the same holes. */
  readonly presets: readonly string[];
  readonly minutes: number;
  readonly threads: number;
  /** Where the sheets of input, output and target go; null for nowhere. */
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
  readonly trainedOn: number;
  readonly heldOut: number;
  readonly rows: readonly RepairRow[];
}

/** Trains on nine tenths of the pictures and measures on the last, one preset after the other. */
export async function benchRepair(options: RepairOptions): Promise<RepairReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'imago-repair-'));
  try {
    const workspace = path.join(folder, 'workspace');
    const command = async (...words: string[]): Promise<Record<string, unknown>> => {
      const { exitCode, stderr, json } = await imago(...words, '--workspace', workspace, '--json');
      if (exitCode !== 0 || json === null) throw new Error(`imago ${words.join(' ')} failed:\n${stderr}`);
      return json;
    };
    const { sizePx, channels } = findPreset(options.presets[0]!);
    const others = options.presets.map(findPreset);
    if (others.some((other) => other.sizePx !== sizePx || other.channels !== channels)) {
      throw new Error(`These presets do not take the same pictures: ${options.presets.join(', ')}.`);
    }
    const size = ['--size', String(sizePx)];
    const { dataset } = await command('import', options.pictures, '--name', 'Pictures', ...size);
    const colour = channels === 3 ? '--rgb' : '--grey';
    const version = await command(
      ...['prepare', 'Pictures', ...size, colour, '--labels', 'none', '--held-out', '0.1', '--pair', 'holes'],
    );
    const runs: TrainedRun[] = [];
    for (const preset of options.presets) {
      const { run } = await command(
        ...['train', '--dataset', 'Pictures', '--preset', preset, '--seed', '1'],
        ...['--minutes', String(options.minutes), '--backend', 'wasm'],
      );
      runs.push({ preset, folder: path.join(workspace, 'runs', String(run)) });
    }
    return await measureRepair({
      versionFolder: path.join(workspace, 'datasets', String(dataset), `v${String(version['version'])}`),
      images: Number(version['images']),
      heldOutImages: Number(version['heldOutImages']),
      runs,
      ...options,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface TrainedRun {
  readonly preset: string;
  readonly folder: string;
}

/** Fills the holes of all held-out pictures of a version, without learning and with the last checkpoint of each run. */
export async function measureRepair({
  versionFolder,
  images,
  heldOutImages,
  runs,
  minutes,
  threads,
  sheets,
}: {
  versionFolder: string;
  images: number;
  heldOutImages: number;
  runs: readonly TrainedRun[];
} & Omit<RepairOptions, 'pictures' | 'presets'>): Promise<RepairReport> {
  await openBackend('wasm', { threads });
  const form = findPreset(runs[0]!.preset);
  const pairs = openPairs({ ...form, versionFolder, images, heldOutImages });

  const measured = (
    name: string,
    fill: (picture: number, input: Uint8Array, holes: Uint8Array) => Uint8Array,
  ) => {
    let [error, similarity] = [0, 0];
    for (let picture = 0; picture < heldOutImages; picture++) {
      const { input, target } = pairs.pair(picture);
      const holes = holesOf(input, form);
      const filled = patched(input, holes, fill(picture, input, holes), form);
      error += errorInHoles(target, filled, holes, form) / heldOutImages;
      similarity += structuralSimilarity(target, filled, form) / heldOutImages;
    }
    return { name, psnr: decibels(error), ssim: similarity };
  };

  const rows: RepairRow[] = [
    measured('mean colour', (_, input, holes) => meanColour(input, holes, form)),
    measured('bilinear', (_, input, holes) => bilinear(input, holes, form)),
  ];
  for (const { preset, folder } of runs) {
    const [file] = readdirSync(path.join(folder, 'checkpoints')).sort().reverse();
    const { config, step, tensors } = readCheckpoint(path.join(folder, 'checkpoints', file!));
    const model = familyOf(config.family).build(config);
    model.load(tensors, step, file!);
    const draw = (picture: number, input: Uint8Array) =>
      samplePixels(model, normals(picture, 'latent', 0, model.latentSize), 1, undefined, undefined, input);
    rows.push(measured(`${preset}, ${step} steps in ${minutes} minutes`, draw));
    if (sheets !== null) writeFileSync(path.join(sheets, `${preset}.png`), drawSampleSheet(model, pairs).png);
    model.dispose();
  }
  pairs.close();
  return { trainedOn: images, heldOut: heldOutImages, rows };
}

/** The figures as Markdown. */
export function repairTable({ trainedOn, heldOut, rows }: RepairReport): string {
  return [
    `Trained on ${trainedOn} pictures; holes in ${heldOut} others.`,
    '',
    '| filled by | PSNR in the holes, dB | SSIM of the whole picture |',
    '|---|---|---|',
    ...rows.map(({ name, psnr, ssim }) => `| ${name} | ${psnr.toFixed(2)} | ${ssim.toFixed(3)} |`),
  ].join('\n');
}
