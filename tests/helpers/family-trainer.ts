/*
 * Trains each model family for a few steps on one backend, in a process of its own, and prints what came of it as
 * one line of JSON. Run by the family suite: `node family-trainer.ts <backend>`.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { BackendId } from '../../src-main/contract/domain/backends.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { toFailure, type Failure } from '../../src-main/contract/errors.ts';
import { familyIds, presets, type FamilyId } from '../../src-main/contract/presets.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { normals } from '../../src-main/engine/random.ts';
import { samplePixels } from '../../src-main/engine/sample-sheet.ts';
import { smallConfig } from '../engine/engine-fixtures.ts';
import { inputBytesFor, inputsFor, labelsFor, pictures } from '../engine/model-fixtures.ts';

export interface FamilyTrained {
  family: FamilyId;
  /** The scalars of each step. */
  steps: Record<string, number>[];
  /** Bytes of two pictures after the steps. */
  pixels: number[];
  /** The same two from a model that took over the saved state. */
  pixelsAfterLoad: number[];
  /** One picture, drawn alone. */
  pixelsAlone: number[];
  /** How many tensors more there were after the last step than after the first. */
  leaked: number;
}

export type TrainerResult =
  { device: string; software: boolean; families: FamilyTrained[] } | { failure: Failure };

/** The second step shows what the gradients of the first one did; more cost time and show nothing else. */
const steps = 2;

/** What the smallest presets leave off and larger ones train with. */
const ofLarger: Partial<Record<FamilyId, Settings>> = {
  'resnet-gan': { smoothEnlargement: true },
  ddpm: { startHalvings: 1, prediction: 'picture', snrFloor: 1 },
};

function train(id: FamilyId): FamilyTrained {
  const preset = presets.find((candidate) => candidate.family === id)!;
  // A graphics device made of the processor takes its time for each picture.
  const config = smallConfig(preset.id, { batchSize: 2, ...ofLarger[id] });
  const family = familyOf(id);
  const model = family.build(config);
  const { latentSize } = model;
  const latents = normals(5, 'test-latents', 0, 2 * latentSize);
  const classes = config.classes && [0, 1];
  const sampling: Settings = id === 'ddpm' ? { samplingSteps: 10 } : {};
  const values: Record<string, number>[] = [];
  let tensorsAtFirst = 0;
  for (let step = 0; step < steps; step++) {
    const images = pictures(config, step);
    const inputs = inputsFor(config, images.shape[0]);
    values.push(model.trainStep(images, step, labelsFor(config, images.shape[0]), inputs));
    tf.dispose(inputs ? [images, inputs] : images);
    if (step === 0) tensorsAtFirst = tf.memory().numTensors;
  }
  const leaked = tf.memory().numTensors - tensorsAtFirst;
  const inputs = inputBytesFor(config, 2);
  const pictureBytes = config.sizePx ** 2 * config.channels;
  const pixels = [...samplePixels(model, latents, 2, classes, sampling, inputs)];
  const pixelsAlone = [
    ...samplePixels(
      model,
      latents.slice(0, latentSize),
      1,
      classes?.slice(0, 1),
      sampling,
      inputs?.slice(0, pictureBytes),
    ),
  ];
  const other = family.build(config);
  other.load(model.save(), steps, 'saved state');
  const pixelsAfterLoad = [...samplePixels(other, latents, 2, classes, sampling, inputs)];
  model.dispose();
  other.dispose();
  return { family: id, steps: values, pixels, pixelsAfterLoad, pixelsAlone, leaked };
}

async function perform(backend: BackendId): Promise<TrainerResult> {
  try {
    const { device, accelerator } = await openBackend(backend, { threads: 1 });
    return { device, software: accelerator?.software ?? false, families: familyIds.map(train) };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

// A pipe takes only so much at once: ending before it is through would cut the line off.
process.stdout.write(`${JSON.stringify(await perform(process.argv[2] as BackendId))}\n`, () =>
  process.exit(0),
);
