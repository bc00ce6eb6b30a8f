import { describe, expect, it } from 'vitest';
import type { BackendHandle } from '../../src-main/engine/backends/backend.ts';
import { outOfMemory, requireFits, trainingBytes } from '../../src-main/engine/backends/model-needs.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { smallConfig } from './engine-fixtures.ts';

const card = (largestTensorBytes?: number): BackendHandle => ({
  id: 'webgpu',
  device: 'A small card, WebGPU on Vulkan',
  threads: 1,
  variant: 'stock',
  reason: null,
  accelerator: { vendor: '', memoryBytes: 2_000_000_000, software: false, adapters: [] },
  ...(largestTensorBytes === undefined ? {} : { largestTensorBytes }),
  memory: () => ({ bytes: 1_000_000, tensors: 10 }),
});

const config = smallConfig('dcgan-64-rgb', { batchSize: 512, baseChannels: 64 });
const description = familyOf('dcgan').describe(config);
/** The largest picture of 512: the discriminator's first, 32×32 with 64 channels. */
const largestBytes = 512 * 32 * 32 * 64 * 4;

describe('a model for a graphics card', () => {
  it('is taken where its largest tensor just fits, and where there is no such limit', () => {
    expect(() => requireFits(card(largestBytes), description, config)).not.toThrow();
    expect(() => requireFits(card(), description, config)).not.toThrow();
  });

  it('is refused before it starts where one does not, with the layer and both numbers', () => {
    expect(() => requireFits(card(largestBytes - 1), description, config)).toThrow(
      expect.objectContaining({
        code: 'model-exceeds-device',
        message: expect.stringMatching(/needs a tensor of 134 MB, and A small card.* takes 134 MB/),
        details: expect.objectContaining({ neededBytes: largestBytes, allowedBytes: largestBytes - 1 }),
      }),
    );
  });
});

describe('memory that ran out', () => {
  it('names the largest power of two below the batch that leaves room', () => {
    const needed = trainingBytes(card(), description, 512);
    const details = (hadBytes: number) =>
      outOfMemory(card(), description, config, { hadBytes }, 'the driver said so').details;
    expect(details(needed * 0.7)).toMatchObject({ reason: 'try-batch', suggestedBatch: 256, batch: 512 });
    expect(details(needed * 0.2).suggestedBatch).toBe(64);
    expect(details(1_000_000)).toMatchObject({ reason: 'no-batch-fits' });
    expect(details(1_000_000)).not.toHaveProperty('suggestedBatch');
  });

  it('takes the card’s own memory where the failure does not say what there was', () => {
    const failure = outOfMemory(card(), description, config, {}, 'the driver said so');
    expect(failure.details.hadBytes).toBe(2_000_000_000);
    expect(failure.message).toMatch(
      /batch 512 needs about \d+ MB, and A small card.* has 2000 MB \(the driver said so\)/,
    );
  });

  it('needs as much more as there are more pictures, beside what the weights take', () => {
    const at = (batch: number) => trainingBytes(card(), description, batch);
    expect(at(128) - at(64)).toBe(2 * (at(64) - at(32)));
  });
});
