import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toFailure } from '../contract/errors.ts';
import { verifyPicture, type VerifiedPicture } from './decode.ts';
import type { IntakeAnswer, IntakeItem, IntakeOrder, IntakeResult } from './intake-messages.ts';
import type { PictureFormat } from './picture-format.ts';

/*
 * The child that takes pictures in: reads, hashes, decodes to the last row and writes each under its hash. It works on
 * one picture after the other, with calls that block, as nothing else runs here: for small files a thread pool costs
 * more than the work. A picture that brings the decoder down ends this process and nothing else.
 */

const extensions: Readonly<Record<PictureFormat, string>> = {
  png: 'png',
  jpeg: 'jpg',
  webp: 'webp',
  gif: 'gif',
  tiff: 'tif',
  avif: 'avif',
  bmp: 'bmp',
};

let written = 0;

async function take({ name, path, bytes: given }: IntakeItem, staging: string): Promise<IntakeResult> {
  let bytes: Uint8Array;
  try {
    bytes = given ?? readFileSync(path!);
  } catch {
    return { kind: 'not-read' };
  }
  let verified: VerifiedPicture;
  try {
    verified = await verifyPicture(bytes, name);
  } catch (thrown) {
    return { kind: 'refused', failure: toFailure(thrown) };
  }
  try {
    const { widthPx, heightPx, format, isGrey, rights } = verified;
    const sha256 = hash('sha256', bytes, 'hex');
    const extension = extensions[format];
    written += 1;
    // Equal pictures may be taken in by two children at once.
    const file = join(staging, `${process.pid}-${written}.${extension}`);
    writeFileSync(file, bytes);
    const facts = { sha256, extension, bytes: bytes.byteLength, file, widthPx, heightPx, isGrey, rights };
    return { kind: 'taken', ...facts };
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    return { kind: 'not-written', code, message: String(thrown) };
  }
}

process.on('message', async ({ id, staging, items }: IntakeOrder) => {
  const results: IntakeResult[] = [];
  for (const item of items) results.push(await take(item, staging));
  const answer: IntakeAnswer = { id, results };
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());
