import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkId, ParameterCounts } from '../../contract/domain/runs.ts';
import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { Settings } from '../../contract/hyper-parameters.ts';
import type { FamilyId } from '../../contract/presets.ts';
import { batchesPerUpdate } from '../optimisation/accumulation.ts';
import type { StoredTensor } from '../safetensors.ts';

export interface LayerDescription {
  readonly network: NetworkId;
  readonly name: string;
  /** Of one picture's output, without the batch: `[height, width, channel]` or `[units]`. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
}

export interface ModelDescription {
  readonly layers: readonly LayerDescription[];
  readonly parameters: ParameterCounts;
  /** How many batches of real pictures one step looks at: one for each time it moves a network; 1 unless said. */
  readonly batchesPerStep?: number;
}

/** What a model is to make of pictures that it is given; all tensors stay the caller's. */
export interface RepairRequest {
  /** `[batch, height, width, channel]`, −1…1. */
  readonly pictures: Tensor4D;
  /** `[batch, height, width, 1]`: 1 where a picture is kept, 0 where it is to be made up. */
  readonly mask: Tensor4D;
  /** One for each picture. */
  readonly seeds: readonly number[];
  /** The class of each picture, where a model with classes is to be told. */
  readonly labels?: ArrayLike<number>;
  /** What the family lets one choose for generating and for repairing; its defaults for the rest. */
  readonly sampling?: Readonly<Settings>;
}

/** A model in memory, between two steps. */
export interface Model {
  readonly config: ModelConfig;
  /** How many numbers a picture starts from. */
  readonly latentSize: number;
  /** How the sheets of a run are sampled, where the run says so; as its family does otherwise. */
  readonly sheetSampling?: Readonly<Settings>;
  readonly parameters: ParameterCounts;
  /**
   * All that a checkpoint holds by name, to be looked through for numbers that are not finite, those first
   * that a step moves first. The tensors stay the model's.
   */
  tensors(): ReadonlyMap<string, Tensor>;
  /** A copy of all that a checkpoint holds. */
  save(): Map<string, StoredTensor>;
  /**
   * Takes over what {@link Model.save} gave, optimiser included.
   *
   * @param step steps done when it was saved
   * @param fileName named in the failure
   * @throws StudioError `checkpoint-corrupt` when the tensors are not those of this model
   */
  load(tensors: ReadonlyMap<string, StoredTensor>, step: number, fileName: string): void;
  /**
   * One optimisation step.
   *
   * @param images `[picturesPerStep, height, width, channel]`, −1…1; stays the caller's
   * @param step steps done before this one; all of the step's randomness comes from it and the config's seed
   * @param labels the class of each picture, for a config with classes
   * @param inputs what stands beside each picture, or what damage left of it, of the same shape, for a family that
   *   draws from an input
   * @returns the step's scalars by name
   */
  trainStep(images: Tensor4D, step: number, labels?: Int32Array, inputs?: Tensor4D): Record<string, number>;
  /**
   * Pictures `[batch, height, width, channel]`, −1…1, from the averaged weights. Each depends on its own
   * latent, class and input alone, bit for bit, whatever else is in the batch.
   *
   * @param latents `[batch, latentSize]`, standard normal
   * @param labels the class of each picture, for a config with classes
   * @param sampling what the family lets one choose here; its defaults for the rest
   * @param inputs `[batch, height, width, channel]`, −1…1, for a family that draws from an input
   */
  sample(
    latents: Tensor2D,
    labels?: ArrayLike<number>,
    sampling?: Readonly<Settings>,
    inputs?: Tensor4D,
  ): Tensor4D;
  /**
   * Pictures `[batch, height, width, channel]`, −1…1, made from those of the request by the averaged weights, for a
   * family that says how it `repairs`. Each depends on its own picture, mask, seed and class alone, bit for bit,
   * whatever else is in the batch.
   */
  repair?(request: RepairRequest): Tensor4D;
  dispose(): void;
}

/** A kind of model: knows tensors, nothing of files, processes or windows. */
export interface ModelFamily {
  readonly id: FamilyId;
  /** The layers and their sizes, without making them. */
  describe(config: ModelConfig): ModelDescription;
  /** A fresh model on the current backend; its first weights come from the config's seed. */
  build(config: ModelConfig): Model;
}

/** How many real pictures one step of a model takes. */
export function picturesPerStep(family: ModelFamily, config: ModelConfig): number {
  const batches = (family.describe(config).batchesPerStep ?? 1) * batchesPerUpdate(config.settings);
  return Number(config.settings.batchSize) * batches;
}
