/** A set with known faults, and how many of them a review finds: precision and recall. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import type { FindingKind } from '../../src-main/contract/domain/cleaning.ts';
import { StudioError } from '../../src-main/contract/errors.ts';
import type { Pixels } from '../../src-main/imaging/pure/resample.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { drawnPicture } from '../helpers/drawn-pictures.ts';
import { decompressionBomb, escapingZip } from '../helpers/hostile-files.ts';
import type { DatasetFigure } from './dataset-figure.ts';

/** Each class is a tint, so that a small classifier can learn it. */
const tints = { red: [1, 0.35, 0.35], green: [0.35, 1, 0.35], blue: [0.35, 0.35, 1] } as const;
const sidePx = 72;

export interface PlantedCounts {
  /** Good pictures of each of three classes. */
  good: number;
  exact: number;
  encodedAnew: number;
  blank: number;
  truncated: number;
  mislabelled: number;
  bombs: number;
  escaping: number;
}

const issueCounts: PlantedCounts = {
  ...{
    good: 300,
    exact: 100,
    encodedAnew: 50,
    blank: 20,
    truncated: 20,
    mislabelled: 10,
    bombs: 5,
    escaping: 5,
  },
};

/** What was planted, by the kind of finding that is to find it: names of files. */
export async function writePlanted(
  folder: string,
  counts: PlantedCounts,
): Promise<ReadonlyMap<FindingKind, ReadonlySet<string>>> {
  const planted = new Map<FindingKind, Set<string>>();
  const plant = (kind: FindingKind, name: string) =>
    planted.set(kind, (planted.get(kind) ?? new Set()).add(name));
  const names = Object.keys(tints) as (keyof typeof tints)[];
  for (const name of names) mkdirSync(join(folder, name), { recursive: true });
  const write = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);
  const encoder = ({ pixels, widthPx, heightPx }: Pixels) =>
    sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  let [mislabelled, number] = [0, 0];
  for (const [at, name] of names.entries()) {
    for (let one = 0; one < counts.good; one += 1, number += 1) {
      const drawn = drawnPicture(number + 1, sidePx);
      const tint = tints[name];
      const picture = { ...drawn, pixels: drawn.pixels.map((value, place) => value * tint[place % 3]!) };
      const bytes = await encoder(picture).png().toBuffer();
      // The last ones of each class lie in the folder of the next.
      const isMisplaced = one >= counts.good - 4 && mislabelled < counts.mislabelled;
      const file = `${isMisplaced ? names[(at + 1) % names.length]! : name}/good-${number}.png`;
      if (isMisplaced) {
        plant('label-error', file);
        mislabelled += 1;
      }
      write(file, bytes);
      if (number < counts.exact) {
        write(`${name}/zz-exact-${number}.png`, bytes);
        plant('exact-duplicate', `${name}/zz-exact-${number}.png`);
      } else if (number < counts.exact + counts.encodedAnew) {
        const again = `${name}/zz-again-${number}.jpg`;
        write(again, await encoder(picture).resize(64, 64).jpeg({ quality: 80 }).toBuffer());
        plant('near-duplicate', again);
      } else if (number < counts.exact + counts.encodedAnew + counts.truncated) {
        const cut = `${name}/zz-truncated-${number}.png`;
        write(cut, bytes.subarray(0, bytes.length >> 1));
        plant('unreadable', cut);
      }
    }
  }
  for (let at = 0; at < counts.blank; at += 1) {
    const file = `${names[at % names.length]!}/zz-blank-${at}.png`;
    const pixels = new Uint8Array(sidePx * sidePx * 3).fill(Math.round((255 * at) / counts.blank));
    write(file, await encoder({ pixels, widthPx: sidePx, heightPx: sidePx, channels: 3 }).png().toBuffer());
    plant('blank', file);
  }
  for (let at = 0; at < counts.bombs; at += 1) {
    write(`red/zz-bomb-${at}.png`, decompressionBomb(20_000 + at));
    plant('unreadable', `red/zz-bomb-${at}.png`);
  }
  return planted;
}

/** Imports and reviews the planted set; each kind's precision and recall. */
export async function benchPlanted(): Promise<DatasetFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-planted-'));
  const source = join(folder, 'planted');
  const studio = await openStudio({
    ...{ workspace: join(folder, 'workspace'), create: true, version: '0.0.0-bench', queue: 'own' },
    host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } },
  });
  try {
    const planted = await writePlanted(source, issueCounts);
    const project = studio.projects.create('Planted');
    const started = await studio.datasets.import(project.id, 'Planted', { kind: 'path', path: source });
    await started.finished;
    await studio.cleaning.start(started.datasetId, true).finished;
    const figures = [...planted].map(([kind, names]): DatasetFigure => {
      const { items } = studio.cleaning.findings(started.datasetId, kind, 'open', 0, 10_000);
      const right = items.filter(
        ({ name, kept }) => names.has(name) || isCopyOf(name, kept?.name, names),
      ).length;
      const precision = items.length === 0 ? 1 : right / items.length;
      const recall = right / names.size;
      return {
        what: `planted: ${kind} (${names.size})`,
        found: `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
        aim: 'printed',
      };
    });
    let refused = 0;
    for (let at = 0; at < issueCounts.escaping; at += 1) {
      const zip = join(folder, `escaping-${at}.zip`);
      writeFileSync(
        zip,
        await escapingZip(readFileSync(join(source, 'red', 'good-0.png')), `escape-${at}.png`),
      );
      cpSync(zip, join(folder, `copy-${at}.zip`));
      const thrown: unknown = await studio.datasets
        .import(project.id, basename(zip), { kind: 'path', path: zip })
        .then(({ finished }) => finished)
        .catch((error: unknown) => error);
      if (thrown instanceof StudioError && thrown.code === 'archive-unsafe-path') refused += 1;
    }
    figures.push({
      what: `planted: archives with a path that escapes (${issueCounts.escaping})`,
      found: `${refused} refused by name`,
      aim: 'all',
    });
    return figures;
  } finally {
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of equal pictures either may be the one that is kept. */
const isCopyOf = (_name: string, kept: string | undefined, names: ReadonlySet<string>): boolean =>
  kept !== undefined && names.has(kept);
