import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../src-main/contract/engine-messages.ts';
import type { Checkpoint } from '../../src-main/engine/checkpoint.ts';
import { readCheckpoint, writeCheckpoint } from '../../src-main/engine/checkpoint.ts';
import { appendLine, writeFileDurably } from '../../src-main/engine/durable-file.ts';
import { encodeSafetensors } from '../../src-main/engine/safetensors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'imago-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const config: ModelConfig = {
  family: 'mlp-gan',
  presetId: 'mlp-gan-28',
  sizePx: 28,
  channels: 1,
  seed: 5,
  settings: { latentSize: 3, batchSize: 2 },
};
const checkpoint: Checkpoint = {
  config,
  step: 120,
  tensors: new Map([['weights', { type: 'F32', shape: [2], data: Float32Array.of(1, 2) }]]),
};

describe('a checkpoint', () => {
  it('comes back as it was written, under its step and with its true hash', () => {
    const written = writeCheckpoint(folder, checkpoint);
    expect(written.file).toBe('checkpoints/00000120.safetensors');
    const bytes = readFileSync(path.join(folder, written.file));
    expect(written).toMatchObject({
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(readCheckpoint(path.join(folder, written.file))).toEqual(checkpoint);
    expect(readdirSync(path.join(folder, 'checkpoints'))).toEqual(['00000120.safetensors']);
  });

  it('has the same bytes however its configuration was put together', () => {
    const first = writeCheckpoint(folder, checkpoint);
    const reordered = {
      ...(Object.fromEntries(Object.entries(config).reverse()) as ModelConfig),
      settings: { batchSize: 2, latentSize: 3 },
    };
    expect(writeCheckpoint(folder, { ...checkpoint, config: reordered })).toEqual(first);
  });

  it('that is not there is called missing', () => {
    const file = path.join(folder, 'none.safetensors');
    expect(() => readCheckpoint(file)).toThrow(
      expect.objectContaining({ code: 'checkpoint-missing', details: { file } }),
    );
  });

  it('that is cut short, foreign or without a configuration is called corrupt', () => {
    const file = path.join(folder, writeCheckpoint(folder, checkpoint).file);
    const corrupt = expect.objectContaining({
      code: 'checkpoint-corrupt',
      details: expect.objectContaining({ file }),
    });
    truncateSync(file, readFileSync(file).length - 1);
    expect(() => readCheckpoint(file)).toThrow(corrupt);
    const metadata = { format: 'imago-checkpoint-1', step: '120', config: '{}' };
    for (const changed of [{ format: 'pt' }, metadata, { ...metadata, step: '-1' }]) {
      writeFileSync(file, encodeSafetensors({ metadata: changed, tensors: checkpoint.tensors }));
      expect(() => readCheckpoint(file)).toThrow(corrupt);
    }
  });
});

describe('a durable file', () => {
  it('keeps its old content and leaves nothing behind when the new one is refused', () => {
    const file = path.join(folder, 'kept');
    writeFileDurably(file, Buffer.from('old'));
    expect(() =>
      writeFileDurably(file, Buffer.from('new'), () => {
        throw new Error('refused');
      }),
    ).toThrow('refused');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['kept']);
  });

  it.skipIf(process.platform !== 'linux')('says so when the disk is full', () => {
    // The kernel's /dev/full refuses every byte for want of space.
    const file = path.join(folder, 'full');
    symlinkSync('/dev/full', `${file}.partial`);
    expect(() => writeFileDurably(file, Buffer.from('bytes'))).toThrow(
      expect.objectContaining({ code: 'disk-full', details: { path: file } }),
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(() => appendLine('/dev/full', 'line')).toThrow(expect.objectContaining({ code: 'disk-full' }));
  });
});
