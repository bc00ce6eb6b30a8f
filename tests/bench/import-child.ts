import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { decodePlainPng } from '../../src-main/imaging/pure/png-decode.ts';
import { perceptualHashOf } from '../../src-main/imaging/pure/perceptual-hash.ts';
import { toSquare } from '../../src-main/imaging/pure/resample.ts';
import { openPicture, rawPixels } from '../../src-main/imaging/decode.ts';

/*
 * Half of the pictures in a process of its own, through the studio's functions: read, SHA-256, decode, lay on white,
 * resize to 64, perceptual hash. Rows go to the parent in batches.
 */
const form = { sizePx: 64, channels: 3, background: '#ffffff' } as const;

process.on('message', async (paths: readonly string[]) => {
  const before = process.cpuUsage();
  let rows: [string, string, number, number, string | null][] = [];
  for (const path of paths) {
    const bytes = readFileSync(path);
    const sha256 = hash('sha256', bytes, 'hex');
    const picture = decodePlainPng(bytes) ?? (await rawPixels((await openPicture(bytes, path)).pipeline));
    toSquare(picture, form);
    rows.push([basename(path), sha256, picture.widthPx, picture.heightPx, perceptualHashOf(picture)]);
    if (rows.length < 64) continue;
    process.send?.({ rows });
    rows = [];
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({ rows, isLast: true, processorMs: (user + system) / 1000 });
});
process.send?.({ isReady: true });
