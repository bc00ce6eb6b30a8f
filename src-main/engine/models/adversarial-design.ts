import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { AdversarialObjective } from './adversarial-objectives.ts';
import type { ModelDescription } from './family.ts';
import type { Layer } from './layer-kinds.ts';
import { countParameters, describeNetwork } from './network-state.ts';
import type { StyleMapping } from './style-generator.ts';

/** What sets one family of two networks apart from another. */
export interface AdversarialDesign {
  /** From latents `[batch, latentSize]` to pictures `[batch, height, width, channel]`, −1…1. */
  readonly generator: readonly Layer[];
  /** From pictures to logits `[batch, 1]`; large means real. */
  readonly discriminator: readonly Layer[];
  /** What the two compete for. */
  readonly objective: AdversarialObjective;
  /** Adam's first decay. */
  readonly beta1: number;
  /** How often the discriminator moves, each time on a batch of its own, before the generator does; 1 unless said. */
  readonly discriminatorUpdates?: number;
  /** Keeps the slope of the discriminator near 1, see {@link gradientPenalty}; without it the slope is free. */
  readonly gradientPenaltyWeight?: number;
  /** Which of the discriminator's weights are held to a stretch of 1, see {@link createSpectralNormalization}. */
  readonly spectral?: (weight: string) => boolean;
  /** How much it counts to tell the classes, where the discriminator has a logit for each behind its score. */
  readonly classWeight?: number;
  /** What makes styles of the latents, for a generator that is told them instead of the classes. */
  readonly mapping?: StyleMapping;
}

/** The layer table and the parameter counts of a design. */
export function describeAdversarial(config: ModelConfig, design: AdversarialDesign): ModelDescription {
  const mapping = design.mapping?.layers ?? [];
  const latentSize = Number(config.settings.latentSize);
  return {
    layers: [
      ...describeNetwork('generator', mapping, [latentSize]),
      ...describeNetwork('generator', design.generator, [latentSize]),
      ...describeNetwork('discriminator', design.discriminator, [
        config.sizePx,
        config.sizePx,
        config.channels,
      ]),
    ],
    parameters: {
      generator: countParameters([...mapping, ...design.generator]),
      discriminator: countParameters(design.discriminator),
    },
    batchesPerStep: design.discriminatorUpdates,
  };
}
