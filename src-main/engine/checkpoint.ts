import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelConfig } from '../contract/engine-messages.ts';
import { modelConfigSchema } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import { writeFileDurably } from './durable-file.ts';
import type { StoredTensor } from './safetensors.ts';
import { corrupt, decodeSafetensors, encodeSafetensors } from './safetensors.ts';

/**
 * A model between two steps. It holds no time and nothing of the machine: training on from it, or straight
 * past it, leads to the same bytes.
 */
export interface Checkpoint {
  readonly config: ModelConfig;
  /** Steps trained so far. */
  readonly step: number;
  /** Weights, their averages, normalisation statistics and optimiser slots by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export interface WrittenCheckpoint {
  /** Relative to the run's folder, with `/`. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

const format = 'imago-checkpoint-1';

/**
 * Writes `checkpoints/<step>.safetensors` below the run's folder, durably, and reads it back before it
 * takes its name.
 *
 * @throws StudioError `disk-full`; `checkpoint-corrupt` when the disk does not give back what was written
 */
export function writeCheckpoint(runFolder: string, checkpoint: Checkpoint): WrittenCheckpoint {
  const file = `checkpoints/${String(checkpoint.step).padStart(8, '0')}.safetensors`;
  const bytes = encodeSafetensors({
    metadata: { format, step: String(checkpoint.step), config: JSON.stringify(sorted(checkpoint.config)) },
    tensors: checkpoint.tensors,
  });
  const sha256 = digest(bytes);
  writeFileDurably(path.join(runFolder, file), bytes, (temporaryFile) => {
    if (digest(readFileSync(temporaryFile)) !== sha256) {
      throw corrupt(temporaryFile, 'the disk did not give back what was written');
    }
  });
  return { file, sha256, bytes: bytes.length };
}

/**
 * Reads a checkpoint.
 *
 * @throws StudioError `checkpoint-missing` or `checkpoint-corrupt`, naming the file
 */
export function readCheckpoint(file: string): Checkpoint {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new StudioError(
      'checkpoint-missing',
      `The checkpoint ${file} cannot be read. Choose another checkpoint.`,
      { file },
      cause,
    );
  }
  const { metadata, tensors } = decodeSafetensors(bytes, file);
  if (metadata.format !== format) throw corrupt(file, 'it was not written by this studio');
  const step = Number(metadata.step);
  if (!Number.isSafeInteger(step) || step < 0) throw corrupt(file, 'it does not say its step');
  let config: unknown;
  try {
    config = JSON.parse(metadata.config ?? '');
  } catch {
    throw corrupt(file, 'its configuration is not readable');
  }
  const parsed = modelConfigSchema.safeParse(config);
  if (!parsed.success) throw corrupt(file, 'its configuration is not one of ours');
  return { config: parsed.data, step, tensors };
}

/**
 * Makes sure that a checkpoint is of the model that is to go on from it, before anything of it is used.
 *
 * @throws StudioError `checkpoint-foreign` naming what differs
 */
export function requireSameModel(found: ModelConfig, wanted: ModelConfig, file: string): void {
  const form = ({ family, sizePx, channels, classes }: ModelConfig) =>
    `${family}, ${sizePx}×${sizePx} ${channels === 1 ? 'grey' : 'RGB'}${classes ? `, ${classes.length} classes` : ''}`;
  if (form(found) === form(wanted)) return;
  throw new StudioError(
    'checkpoint-foreign',
    `The checkpoint ${file} is of another model: it is ${form(found)}, and ${form(wanted)} is needed. Choose a checkpoint of the same kind.`,
    { file, found: form(found), needed: form(wanted) },
  );
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The configuration in one order of keys, however the sender built it. */
function sorted(config: ModelConfig): unknown {
  const byName = (object: object) =>
    Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...byName(config), settings: byName(config.settings) };
}
