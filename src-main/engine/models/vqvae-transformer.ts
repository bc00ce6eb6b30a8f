import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { Settings } from '../../contract/hyper-parameters.ts';
import { repairSettings, samplingSettings } from '../../contract/presets.ts';
import type { BatchResult } from '../optimisation/accumulation.ts';
import { batchOf, batchesPerUpdate, overBatches } from '../optimisation/accumulation.ts';
import { frozenWeights } from '../optimisation/frozen-layers.ts';
import { createLossScale } from '../optimisation/loss-scale.ts';
import { createOptimiser, gradientsOf } from '../optimisation/optimiser.ts';
import { logSoftmax } from '../ops/softmax.ts';
import { latentsOf, normals } from '../random.ts';
import { createCodebook } from './codebook.ts';
import { codingNetworks } from './coding-networks.ts';
import type { Model, ModelDescription, ModelFamily } from './family.ts';
import { withoutGradient } from './gradient-stop.ts';
import { forward, type Weights } from './layers.ts';
import {
  countParameters,
  createDeclaredWeights,
  createWeights,
  describeNetwork,
  prefixed,
  restoreTensors,
  scalarOf,
  storeTensors,
} from './network-state.ts';
import {
  declareTransformer,
  describeTransformer,
  emptyMemory,
  foresee,
  foreseeNext,
  forget,
  type TransformerShape,
} from './transformer.ts';
import { chooseWord } from './word-choice.ts';

/**
 * Pictures as words of a learned vocabulary (van den Oord et al., "Neural Discrete Representation Learning", 2017), and
 * a Transformer that learns how the words follow one another, row by row (Esser et al., "Taming Transformers for
 * High-Resolution Image Synthesis", 2021). Both learn side by side for `firstPhaseSteps`; then the vocabulary stands
 * still.
 */
export const vqvaeTransformer = {
  id: 'vqvae-transformer',
  describe,
  build: createCodedModel,
} satisfies ModelFamily;

function shapeOf({ settings, sizePx, classes }: ModelConfig): TransformerShape {
  const { gridPx } = codingNetworks.grid(sizePx);
  const heads = Number(settings.transformerHeads);
  const size = Number(settings.transformerSize);
  return {
    words: Number(settings.codebookSize),
    positions: gridPx * gridPx,
    // The gradient of a look-up in a table of one row is beyond tfjs's own kernels; the second stays unused.
    beginnings: Math.max(2, classes?.length ?? 0),
    size,
    layers: Number(settings.transformerLayers),
    heads,
  };
}

function describe(config: ModelConfig): ModelDescription {
  const { encoder, decoder } = codingNetworks.design(config);
  const { gridPx } = codingNetworks.grid(config.sizePx);
  const shape = shapeOf(config);
  const transformer = describeTransformer(shape);
  return {
    layers: [
      ...describeNetwork('encoder', encoder, [config.sizePx, config.sizePx, config.channels]),
      ...transformer,
      ...describeNetwork('decoder', decoder, [gridPx, gridPx, Number(config.settings.codeSize)]),
    ],
    parameters: {
      encoder: countParameters(encoder),
      decoder: countParameters(decoder),
      transformer: transformer.reduce((sum, { parameters }) => sum + parameters, 0),
    },
  };
}

function createCodedModel(config: ModelConfig): Model & Required<Pick<Model, 'repair'>> {
  const { seed, settings, sizePx } = config;
  const { gridPx } = codingNetworks.grid(sizePx);
  const shape = shapeOf(config);
  const { positions } = shape;
  const codeSize = Number(settings.codeSize);
  const layers = codingNetworks.design(config);
  const byBatch = { by: 'batch' } as const;

  const encoder = createWeights(layers.encoder, seed, 'encoder');
  const decoder = createWeights(layers.decoder, seed, 'decoder');
  const transformer = createDeclaredWeights(declareTransformer(shape), seed, 'transformer');
  const average = createDeclaredWeights(declareTransformer(shape), seed, 'transformer');
  const firstWords = normals(seed, 'initial/codebook', 0, shape.words * codeSize).map((value) => value * 0.1);
  const codebook = createCodebook(shape.words, codeSize, Number(settings.codebookDecay), firstWords);
  const autoencoder = new Map([...prefixed('encoder', encoder), ...prefixed('decoder', decoder)]);
  const frozenIn = (network: 'encoder' | 'decoder', weights: Weights) =>
    [...frozenWeights(network, weights.keys(), settings)].map((name) => `${network}.${name}`);
  const lossScale = createLossScale(settings);
  const codingOptimiser = createOptimiser(autoencoder, settings, {
    lossScale,
    frozen: new Set([...frozenIn('encoder', encoder), ...frozenIn('decoder', decoder)]),
  });
  const transformerOptimiser = createOptimiser(transformer, settings, {
    lossScale,
    frozen: frozenWeights('transformer', transformer.keys(), settings),
  });

  const vectorsOf = (images: tf.Tensor4D): tf.Tensor2D =>
    tf.reshape(forward(layers.encoder, encoder, images, byBatch), [-1, codeSize]);
  const decode = (weights: Weights, words: tf.Tensor): tf.Tensor4D =>
    forward(
      layers.decoder,
      weights,
      tf.reshape(words, [-1, gridPx, gridPx, codeSize]),
      byBatch,
    ) as tf.Tensor4D;
  const beginningsOf = (labels: ArrayLike<number> | undefined, batch: number): Int32Array =>
    config.classes ? Int32Array.from(labels!) : new Int32Array(batch);

  /** One batch for encoder and decoder; the vocabulary follows at once. */
  const lookAtPictures = (images: tf.Tensor4D, draw: number): BatchResult => {
    let reconstruction = 0;
    let codes: Int32Array = new Int32Array();
    let vectors: tf.Tensor2D | null = null;
    const { gradients } = gradientsOf(() => {
      const seen = vectorsOf(images);
      codes = codebook.nearest(seen);
      vectors = tf.keep(tf.clone(seen));
      const words = codebook.words(codes);
      // To the gradient the words are what the encoder said: it goes straight through.
      const through = tf.add(
        seen,
        withoutGradient(() => tf.sub(words, seen)),
      );
      const missed = tf.mean(tf.squaredDifference(decode(decoder, through), images)) as tf.Scalar;
      reconstruction = scalarOf(missed);
      const distance = tf.mean(tf.squaredDifference(seen, words));
      return tf.add(missed, tf.mul(distance, Number(settings.commitment))) as tf.Scalar;
    }, codingOptimiser);
    const codesInUse = codebook.follow(vectors!, codes, seed, draw);
    tf.dispose(vectors!);
    return { gradients, values: { reconstructionLoss: reconstruction, codesInUse } };
  };

  /** One batch for the Transformer. */
  const lookAtWords = (images: tf.Tensor4D, labels: Int32Array | undefined): BatchResult => {
    const batch = images.shape[0];
    const codes = codebook.nearest(vectorsOf(images));
    const wanted = tf.cast(tf.oneHot(tf.tensor1d(codes, 'int32'), shape.words), 'float32');
    const { value, gradients } = gradientsOf(() => {
      const logits = foresee(shape, transformer, codes, beginningsOf(labels, batch));
      return tf.neg(tf.mean(tf.sum(tf.mul(logSoftmax(logits), wanted), 1))) as tf.Scalar;
    }, transformerOptimiser);
    return { gradients, values: { tokenLoss: scalarOf(value) } };
  };

  /** Words for each picture, one after the other; the first ones stand, as many as `kept` says for each. */
  const write = (
    latents: tf.Tensor2D,
    labels: ArrayLike<number> | undefined,
    { temperature, topK, topP }: Settings,
    kept: { readonly codes: Int32Array; readonly positions: readonly number[] } | null,
  ): Int32Array => {
    const choice = { temperature: Number(temperature), topK: Number(topK), topP: Number(topP) };
    const batch = latents.shape[0];
    const chances = latents.dataSync<'float32'>();
    const codes = new Int32Array(batch * positions);
    const memory = emptyMemory(shape);
    let previous = beginningsOf(labels, batch);
    for (let position = 0; position < positions; position++) {
      const logits = tf.tidy(() =>
        foreseeNext(shape, average, memory, previous, position).dataSync<'float32'>(),
      );
      previous = Int32Array.from({ length: batch }, (_, row) => {
        const at = row * positions + position;
        if (kept && position < kept.positions[row]!) return kept.codes[at]!;
        const ofRow = logits.subarray(row * shape.words, (row + 1) * shape.words);
        return chooseWord(ofRow, choice, chances[at]!);
      });
      previous.forEach((code, row) => (codes[row * positions + position] = code));
    }
    forget(memory);
    return codes;
  };

  const everything = (): Map<string, tf.Variable> =>
    new Map([
      ...autoencoder,
      ...prefixed('transformer', transformer),
      ...prefixed('average', average),
      ...prefixed('codebook', codebook.state),
      ...prefixed(`coding-${codingOptimiser.slotName}`, codingOptimiser.slots()),
      ...prefixed(`transformer-${transformerOptimiser.slotName}`, transformerOptimiser.slots()),
      ...prefixed('precision', lossScale.state),
    ]);

  const firstPhaseSteps = Number(settings.firstPhaseSteps);
  return {
    config,
    latentSize: positions,
    parameters: describe(config).parameters,
    tensors: everything,
    save: () => storeTensors(everything()),
    load(tensors, step, fileName) {
      const fresh = [
        ...codingOptimiser.resume('coding', tensors, Math.min(step, firstPhaseSteps)),
        ...transformerOptimiser.resume('transformer', tensors, step),
        ...lossScale.resume('precision', tensors),
      ];
      restoreTensors(everything(), tensors, fileName, fresh);
    },
    trainStep: (images, step, labels) =>
      tf.tidy(() => {
        const batches = batchesPerUpdate(settings);
        let values: Record<string, number> = {};
        if (step < firstPhaseSteps) {
          const seen = overBatches(settings, step, (batch, draw) =>
            lookAtPictures(batchOf(images, labels, batch, batches).images, draw),
          );
          const { gradientNorm } = codingOptimiser.step(seen.gradients, step);
          values = { ...seen.values, autoencoderGradientNorm: gradientNorm };
        }
        const read = overBatches(settings, step, (batch) => {
          const part = batchOf(images, labels, batch, batches);
          return lookAtWords(part.images, part.labels);
        });
        const { gradientNorm, learningRate } = transformerOptimiser.step(read.gradients, step, average);
        return {
          ...values,
          ...read.values,
          transformerGradientNorm: gradientNorm,
          learningRate,
          ...lossScale.tell(),
        };
      }),
    sample: (latents, labels, sampling = {}) =>
      tf.tidy(() => {
        const codes = write(latents, labels, samplingSettings(config, sampling), null);
        return tf.clipByValue(decode(decoder, codebook.words(codes)), -1, 1);
      }),
    repair: ({ pictures, mask, seeds, labels, sampling }) =>
      tf.tidy(() => {
        const rows = keptRows(mask);
        const wordPx = sizePx / gridPx;
        const kept = {
          codes: codebook.nearest(vectorsOf(withoutLowerPart(pictures, rows))),
          positions: rows.map((count) => Math.floor(count / wordPx) * gridPx),
        };
        const latents = tf.tensor2d(latentsOf(seeds, positions), [seeds.length, positions]);
        const codes = write(latents, labels, repairSettings(config, sampling), kept);
        const made = tf.clipByValue(decode(decoder, codebook.words(codes)), -1, 1) as tf.Tensor4D;
        const above = tf.tensor4d(
          rows.flatMap((count) => Array.from({ length: sizePx }, (_, row) => (row < count ? 1 : 0))),
          [rows.length, sizePx, 1, 1],
        );
        return tf.add(tf.mul(pictures, above), tf.mul(made, tf.sub(1, above)));
      }),
    dispose() {
      codingOptimiser.dispose();
      transformerOptimiser.dispose();
      lossScale.dispose();
      codebook.dispose();
      for (const map of [autoencoder, transformer, average]) tf.dispose([...map.values()]);
    },
  };
}

/** How many rows of each picture lie above the first one that its mask hides anything of. */
function keptRows(mask: tf.Tensor4D): number[] {
  const [batch, height, width] = mask.shape;
  const values = mask.dataSync<'float32'>();
  return Array.from({ length: batch }, (_, picture) => {
    const own = values.subarray(picture * height * width, (picture + 1) * height * width);
    const first = own.findIndex((keep) => keep === 0);
    return first < 0 ? height : Math.floor(first / width);
  });
}

/**
 * Pictures whose last kept row goes on to the bottom: the words above see a little downwards, and what is hidden must not
 * speak through them.
 */
function withoutLowerPart(pictures: tf.Tensor4D, rows: readonly number[]): tf.Tensor4D {
  const [, height] = pictures.shape;
  const parts = rows.map((count, picture) => {
    const own = tf.slice(pictures, [picture, 0, 0, 0], [1, -1, -1, -1]);
    const last = Math.max(0, count - 1);
    return tf.gather(
      own,
      Array.from({ length: height }, (_, row) => Math.min(row, last)),
      1,
    );
  });
  return tf.concat(parts, 0);
}
