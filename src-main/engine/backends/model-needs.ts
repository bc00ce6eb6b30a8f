import { freemem } from 'node:os';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import { StudioError } from '../../contract/errors.ts';
import type { ModelDescription } from '../models/family.ts';
import type { BackendHandle } from './backend.ts';

const bytesPerNumber = 4;
/** Beside a step's batch, the statistics of the averaged generator are measured on so many pictures. */
const statisticsPictures = 256;
/** Weights, gradients, two moments, the average, and copies while they change. */
const copiesOfParameters = 8;
/** How often a step holds a layer's output, in one form or another: measured on wasm, whose layers are fused. */
const copiesOfOutputs = { fused: 3, composed: 8 };
/** The smallest batch that presets take. */
const smallestBatch = 2;

/**
 * Refuses a model with a tensor that is larger than one buffer of the device may be.
 *
 * @throws StudioError `model-exceeds-device` with both numbers
 */
export function requireFits(
  { device, largestTensorBytes }: BackendHandle,
  { layers }: ModelDescription,
  { settings }: ModelConfig,
): void {
  if (largestTensorBytes === undefined) return;
  const pictures = Math.max(Number(settings.batchSize), statisticsPictures);
  for (const { network, name, outputShape, parameters } of layers) {
    const outputBytes = pictures * elements(outputShape) * bytesPerNumber;
    const neededBytes = Math.max(outputBytes, parameters * bytesPerNumber);
    if (neededBytes <= largestTensorBytes) continue;
    const layer = `${network}.${name}`;
    throw new StudioError(
      'model-exceeds-device',
      `The layer ${layer} needs a tensor of ${megabytes(neededBytes)} MB, and ${device} takes ${megabytes(largestTensorBytes)} MB at once. Make the network narrower or the batch smaller, or train on another backend.`,
      { layer, device, neededBytes, allowedBytes: largestTensorBytes },
    );
  }
}

/** What is known of an allocation that failed: its size, and how much memory there was by then. */
export interface FailedAllocation {
  readonly requestedBytes?: number;
  readonly hadBytes?: number;
}

/**
 * The failure for memory that ran out while this model trained: what it needed, what there was, and the batch
 * that would fit, where one does.
 */
export function outOfMemory(
  backend: BackendHandle,
  description: ModelDescription,
  config: ModelConfig,
  { requestedBytes = 0, hadBytes = memoryOf(backend) }: FailedAllocation,
  message: string,
): StudioError {
  const batch = Number(config.settings.batchSize);
  const foreseen = trainingBytes(backend, description, batch);
  const neededBytes = Math.max(foreseen, hadBytes + requestedBytes);
  const suggestedBatch = batchThatFits(batch, (smaller) => {
    const share = trainingBytes(backend, description, smaller) / foreseen;
    return share * neededBytes <= hadBytes * 0.8;
  });
  const advice =
    suggestedBatch === null
      ? 'No smaller batch fits: choose a narrower network.'
      : `Try batch ${suggestedBatch}.`;
  return new StudioError(
    'out-of-memory',
    `Memory ran out: training at batch ${batch} needs about ${megabytes(neededBytes)} MB, and ${backend.device} has ${megabytes(hadBytes)} MB (${message}). ${advice}`,
    {
      neededBytes,
      hadBytes,
      batch,
      reason: suggestedBatch === null ? 'no-batch-fits' : 'try-batch',
      ...(suggestedBatch === null ? {} : { suggestedBatch }),
    },
  );
}

/** About how many bytes of tensors a training step holds at its height. */
export function trainingBytes(backend: BackendHandle, description: ModelDescription, batch: number): number {
  const { layers, parameters } = description;
  const outputs = layers.reduce((sum, { outputShape }) => sum + elements(outputShape), 0);
  const copies = copiesOfOutputs[backend.variant === 'stock' ? 'composed' : 'fused'];
  const weights = Object.values(parameters).reduce((sum, count) => sum + count, 0);
  return bytesPerNumber * (weights * copiesOfParameters + outputs * copies * batch);
}

/** The largest power of two below `batch` that fits, if there is one. */
function batchThatFits(batch: number, fits: (batch: number) => boolean): number | null {
  for (let smaller = 2 ** Math.floor(Math.log2(batch - 1)); smaller >= smallestBatch; smaller /= 2) {
    if (fits(smaller)) return smaller;
  }
  return null;
}

function memoryOf(backend: BackendHandle): number {
  switch (backend.id) {
    case 'wasm':
      return 2 ** 32;
    case 'webgpu':
    case 'tensorflow':
      return backend.accelerator?.memoryBytes ?? backend.memory().bytes;
    case 'cpu':
      return freemem() + process.memoryUsage.rss();
  }
}

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
