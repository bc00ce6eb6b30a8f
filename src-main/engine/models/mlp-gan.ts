import type { ModelConfig } from '../../contract/engine-messages.ts';
import type { AdversarialDesign } from './adversarial-design.ts';
import { describeAdversarial } from './adversarial-design.ts';
import { createAdversarialModel } from './adversarial-model.ts';
import { objectiveOf } from './adversarial-objectives.ts';
import type { ModelFamily } from './family.ts';
import type { Initial, Layer } from './layers.ts';

/** Goodfellow et al., "Generative Adversarial Networks", 2014, with fully connected layers only. */
export const mlpGan = {
  id: 'mlp-gan',
  describe: (config: ModelConfig) => describeAdversarial(config, design(config)),
  build: (config: ModelConfig) => createAdversarialModel(config, design(config)),
} satisfies ModelFamily;

function design({ settings, sizePx, channels }: ModelConfig): AdversarialDesign {
  const hidden = Number(settings.hiddenSize);
  const latentSize = Number(settings.latentSize);
  const textbook = settings.recipe === 'textbook';
  const activation = textbook ? 'linear' : 'leakyRelu';
  const pixels = sizePx * sizePx * channels;
  const layer = (name: string, inputs: number, outputs: number): Layer => ({
    kind: 'dense',
    name,
    inputs,
    outputs,
    activation,
    initial: glorot(inputs, outputs),
  });
  return {
    generator: [
      layer('hidden1', latentSize, hidden),
      layer('hidden2', hidden, hidden),
      { ...layer('pixels', hidden, pixels), activation: 'tanh' } as Layer,
      { kind: 'reshape', name: 'picture', shape: [sizePx, sizePx, channels] },
    ],
    discriminator: [
      { kind: 'reshape', name: 'pixels', shape: [pixels] },
      layer('hidden1', pixels, hidden),
      layer('hidden2', hidden, hidden),
      { ...layer('score', hidden, 1), activation: 'linear' } as Layer,
    ],
    objective: objectiveOf(settings),
    beta1: textbook ? 0.9 : Number(settings.beta1),
  };
}

/** Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010. */
function glorot(inputs: number, outputs: number): Initial {
  return { mean: 0, deviation: Math.sqrt(2 / (inputs + outputs)) };
}
