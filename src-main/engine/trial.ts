import * as tf from '@tensorflow/tfjs-core';
import type { TrialJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { augment, augmentationOf } from './augmentation/augmentation.ts';
import { drawsFromInputs } from '../contract/presets.ts';
import type { BackendHandle } from './backends/backend.ts';
import { damagedBatch, damageOf } from './damage.ts';
import type { PairReader } from './dataset-reader.ts';
import { drawSampleSheet } from './sample-sheet.ts';
import type { ModelFamily } from './models/family.ts';
import { picturesPerStep } from './models/family.ts';
import { layersOf } from './inspection.ts';
import { integers, uniforms } from './random.ts';

/** The first steps also set up memory and caches; they are left out of the median where others follow. */
const warmUpSteps = 2;
/**
 * What a run comes to hold beyond its first steps, whatever its model: Node's heap of short-lived things grows to its full
 * size within some hundred steps, and a run has its log and its pictures open. Measured on four families: 18 to 36 MB.
 */
const growthBytes = 20e6;

/**
 * Trains a few steps on random pictures and reports `trial`: what a step takes on this machine and how
 * much memory the process reached. Then `finished`.
 */
export async function tryOut(
  job: TrialJob,
  family: ModelFamily,
  backend: BackendHandle,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const { config } = job;
  const shape: [number, number, number, number] = [
    picturesPerStep(family, config),
    config.sizePx,
    config.sizePx,
    config.channels,
  ];
  const model = family.build(config);
  const pictures = uniforms(config.seed, 'trial-pictures', 0, tf.util.sizeFromShape(shape)).map(
    (value) => value * 2 - 1,
  );
  const augmentation = augmentationOf(config.settings);
  /** Made anew for each step, as a run does. */
  const batchAt = (step: number): tf.Tensor4D => {
    const values = pictures.slice();
    const { sizePx, channels, seed } = config;
    if (augmentation) {
      augment({ values, pictures: shape[0], sizePx, channels }, augmentation, { seed, step });
    }
    return tf.tensor4d(values, shape);
  };
  const labels = config.classes
    ? Int32Array.from(integers(config.seed, 'trial-labels', 0, shape[0], config.classes.length))
    : undefined;
  /** Random pictures too, beside themselves. */
  const pairs: PairReader | null = drawsFromInputs(config.family) ? noisePairs(pictures, shape) : null;
  const damage = damageOf(config);
  const inputsAt = (step: number): tf.Tensor4D =>
    tf.tensor4d(
      damage ? damagedBatch(pictures, config, damage, { seed: config.seed, step }) : pictures,
      shape,
    );
  const durations: number[] = [];
  let memoryBytes = 0;
  const beganAt = performance.now();
  try {
    do {
      const stepBeganAt = performance.now();
      const images = batchAt(durations.length);
      const inputs = pairs ? inputsAt(durations.length) : undefined;
      model.trainStep(images, durations.length, labels, inputs);
      tf.dispose(inputs ? [images, inputs] : images);
      durations.push(performance.now() - stepBeganAt);
      // Not the system's own peak: on Linux that one still holds what the parent used at the fork.
      memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss());
    } while (durations.length < job.steps && performance.now() - beganAt < job.limitMs);
    // A run also draws and saves, and may need more memory for that than for a step.
    drawSampleSheet(model, pairs);
    memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss());
    model.save();
    memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss());
  } finally {
    model.dispose();
  }
  const steps = durations.length;
  const counted = durations.slice(Math.min(warmUpSteps, steps - 1)).sort((a, b) => a - b);
  const stepMs = counted[counted.length >> 1]!;
  await report({
    report: 'trial',
    stepMs,
    steps,
    memoryBytes: memoryBytes + growthBytes,
    parameters: model.parameters,
    layers: layersOf(family, config),
    backend: { id: backend.id, device: backend.device, threads: backend.threads },
  });
  const trainedMs = performance.now() - beganAt;
  await report({ report: 'finished', outcome: 'completed', step: steps, trainedMs, stepMs });
}

/** Each picture beside itself, as bytes. */
function noisePairs(values: Float32Array, [count, height, width, channels]: readonly number[]): PairReader {
  const length = height! * width! * channels!;
  return {
    part: 'train',
    pair(number) {
      const row = number % count!;
      const picture = Uint8Array.from(
        values.subarray(row * length, (row + 1) * length),
        (value) => (value + 1) * 127.5,
      );
      return { row, input: picture, target: picture };
    },
    close: () => undefined,
  };
}
