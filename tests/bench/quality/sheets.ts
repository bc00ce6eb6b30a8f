/** Sheets of what presets draw after some time on a folder of pictures, for the eye to judge. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { findPreset } from '../../../src-main/contract/presets.ts';
import type { DrawingOptions } from './drawn-pictures.ts';
import { command, drawWithPreset } from './drawn-pictures.ts';
import { pictureGrid } from './picture-grid.ts';

export interface SheetOptions extends Omit<DrawingOptions, 'images'> {
  /** A folder of pictures, such as the emoji set. */
  readonly pictures: string;
  readonly presets: readonly string[];
  readonly sheets: string;
}

/** Trains one preset after the other on pictures of its size and writes the first hundred that each draws. */
export async function benchSheets(options: SheetOptions, say: (line: string) => void): Promise<void> {
  for (const preset of options.presets) {
    const folder = mkdtempSync(path.join(tmpdir(), 'imago-sheets-'));
    try {
      const form = findPreset(preset);
      const { dataset } = await command(
        ...['import', options.pictures, '--name', 'Pictures', '--size', String(form.sizePx)],
        ...['--workspace', path.join(folder, 'workspace'), '--json'],
      );
      const drawn = await drawWithPreset(preset, String(dataset), folder, { ...options, images: 100 });
      // A PNG of a hundred pictures in colour takes two thirds of a megabyte.
      const sheet = sharp(pictureGrid(drawn.pixels, form)).webp({ quality: 90 });
      await sheet.toFile(path.join(options.sheets, `${preset}.webp`));
      say(`${preset}: ${drawn.steps} steps in ${drawn.minutes.toFixed(0)} minutes`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
