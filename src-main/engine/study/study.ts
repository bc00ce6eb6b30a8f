import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StudyJob } from '../../contract/engine-messages.ts';
import type { EngineReport } from '../../contract/engine-reports.ts';
import { StudioError } from '../../contract/errors.ts';
import { writeFileDurably } from '../durable-file.ts';
import { embeddingSize, learnEmbedding } from './autoencoder.ts';
import { crossValidate } from './label-review.ts';
import { principalPlane, remoteness } from './nearness.ts';
import { planeMap } from './plane-map.ts';
import type { StudiedPictures } from './training.ts';

/** Reports come so often at most. */
const reportEveryMs = 200;

/**
 * Studies a set of small pictures: learns an embedding and what follows from it, lays out a map, reviews labels. Each part
 * writes its results beside the pictures, little-endian, and is then reported as done.
 *
 * @throws StudioError `dataset-changed` when the files are not of the size that the job says
 */
export async function study(job: StudyJob, report: (report: EngineReport) => Promise<void>): Promise<void> {
  const beganAt = performance.now();
  const pictures: StudiedPictures = {
    pixels: readExactly(path.join(job.folder, 'images.u8'), job.images * job.sizePx ** 2 * job.channels),
    count: job.images,
    sizePx: job.sizePx,
    channels: job.channels,
  };
  const write = (file: string, values: Float32Array) =>
    writeFileDurably(
      path.join(job.folder, file),
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  let reportedAt = 0;
  const teller = (part: 'embedding' | 'map' | 'labels') => (share: number) => {
    const now = performance.now();
    if (now - reportedAt < reportEveryMs) return;
    reportedAt = now;
    void report({ report: 'study', part, share: Math.min(share, 0.999) });
  };

  if (job.embedding) {
    const values = await learnEmbedding(pictures, job.seed, teller('embedding'));
    const points = { values, count: job.images, size: embeddingSize };
    write('remoteness.f32', await remoteness(points, job.seed));
    write('principal-plane.f32', principalPlane(points));
    await report({ report: 'study', part: 'embedding', share: 1 });
    write('plane-map.f32', await planeMap(points, job.seed, teller('map')));
    await report({ report: 'study', part: 'map', share: 1 });
  }
  if (job.classes > 1) {
    const bytes = readExactly(path.join(job.folder, 'labels.i32'), job.images * 4);
    const labels = new Int32Array(bytes.buffer, bytes.byteOffset, job.images);
    write(
      'probabilities.f32',
      await crossValidate(pictures, labels, job.classes, job.seed, teller('labels')),
    );
    await report({ report: 'study', part: 'labels', share: 1 });
  }
  const trainedMs = performance.now() - beganAt;
  await report({ report: 'finished', outcome: 'completed', step: 0, trainedMs, stepMs: null });
}

/** A copy of its own, so that it starts at a whole number. */
function readExactly(file: string, bytes: number): Uint8Array {
  const found = new Uint8Array(readFileSync(file));
  if (found.length === bytes) return found;
  throw new StudioError(
    'dataset-changed',
    `The pictures to be studied changed on disk: ${file} has ${found.length} bytes where ${bytes} belong. Review the dataset again.`,
    { file, found: found.length, expected: bytes },
  );
}
